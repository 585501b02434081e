"""Settings: what the city is set up with, to be read by everybody who works in it."""
