"""The city as every process holds it in memory: one frozen value, read again when it changed."""
