"""What benches put on the city: filled histories, senders, actors, and the floor to compare with."""
