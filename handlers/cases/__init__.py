"""Follow-ups that somebody owns: opened by a critic's answer, taken, contacted, solved."""
