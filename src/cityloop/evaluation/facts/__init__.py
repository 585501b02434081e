"""Histories of cases folded into rows of published facts."""
