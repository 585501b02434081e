"""Pages of units, people, duties and rosters."""
