"""Geometry of points and areas, distances, coordinate systems, and who is responsible for a place."""
