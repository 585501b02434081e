"""Files the city keeps: evidence, photos, archives, backups."""
