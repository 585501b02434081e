"""Areas and grids: checks, changes, queries."""
