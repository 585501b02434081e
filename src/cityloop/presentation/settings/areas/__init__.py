"""Pages of areas and grids."""
