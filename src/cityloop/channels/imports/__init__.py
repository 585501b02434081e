"""Imports: one module for each kind of table, checked row by row."""
