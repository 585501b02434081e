"""Indicators over facts: reading, counting, ranking, frozen runs."""
