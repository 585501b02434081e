"""Facilities (部件): entries, checks, changes, queries."""
