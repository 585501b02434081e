"""The event log: recording, announcing in order, checkpoints, restoring."""
