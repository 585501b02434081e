"""What the core finds wrong: procedures, clocks, conditions, places."""

ENGINE: dict[str, str] = {}
