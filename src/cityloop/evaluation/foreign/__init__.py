"""Facts from the histories of other systems."""
