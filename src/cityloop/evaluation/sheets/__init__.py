"""Figures as workbooks and tables."""
