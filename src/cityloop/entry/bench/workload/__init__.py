"""The load of the benchmarks: filled histories, senders, actors, and the floor to compare with."""
