"""What all commands share: opening the city, common options, showing progress."""
