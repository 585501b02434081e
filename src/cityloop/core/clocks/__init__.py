"""Counting legal working time: calendars, limits, pauses, shifts, and recalculation when days are declared late."""
