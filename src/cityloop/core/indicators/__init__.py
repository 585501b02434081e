"""Division, rounding and ranking of what was counted."""
