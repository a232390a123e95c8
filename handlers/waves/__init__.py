"""Waves: who is asked and who is left out, sending, steering, progress and the close."""
