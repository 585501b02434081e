"""Areas and grids: checks, changes, questions."""
