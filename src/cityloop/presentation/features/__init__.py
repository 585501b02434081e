"""OGC API - Features: the city open to map programs."""
