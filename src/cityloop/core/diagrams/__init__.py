"""Procedures as state diagrams, drawn from the same data that runs them."""
