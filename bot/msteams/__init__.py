"""Microsoft Teams: its requests, its messages, and cards as Adaptive Cards."""
