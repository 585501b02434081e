"""Pages of procedures and their diagrams."""
