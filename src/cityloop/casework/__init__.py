"""Cases, their tasks, clocks and history."""
