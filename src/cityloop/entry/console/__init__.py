"""What every command shares: opening the city, options, showing progress."""
