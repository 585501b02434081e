"""The pure heart: procedures, clocks, place, chains. No Django, no files, no network, no clock, no randomness."""
