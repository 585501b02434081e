"""Units, duties and rosters, and the posts people act in."""
