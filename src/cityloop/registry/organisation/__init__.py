"""Units, duties and rosters, and the posts of people."""
