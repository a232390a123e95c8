"""Figures of the programme as pure functions over plain rows: no database, no clock, no texts."""
