"""Imports of the city: one file for each kind of table, checked row by row."""
