"""One customer: its card, its people, its history."""
