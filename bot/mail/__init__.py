"""Mail as a channel: how a card looks in a mail, and how it goes out by SMTP."""
