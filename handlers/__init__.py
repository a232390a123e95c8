"""What the bot does: decides, and says it as cards. Free of any channel."""
