"""Figures that screens ask for and workers count."""
