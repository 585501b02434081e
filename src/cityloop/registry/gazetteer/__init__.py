"""The stored gazetteer: finding places, learning from cases, corrections by hand."""
