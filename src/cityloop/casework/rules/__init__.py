"""Rules on who may see, begin and be given a case, and which codes may be chosen. Nothing is written here."""
