"""What the programme remembers: tables, migrations and named queries. Knows nothing of chat."""
