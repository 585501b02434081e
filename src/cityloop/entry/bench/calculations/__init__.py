"""Benchmarks of calculations alone: they need no city and no database."""
