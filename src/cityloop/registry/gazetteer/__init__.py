"""The gazetteer as stored: lookup, teaching, corrections."""
