"""The city in the memory of every process: one frozen value, read again when it changed."""
