"""Slack: drawing cards as Block Kit, and the way between Slack's requests and the handlers."""
