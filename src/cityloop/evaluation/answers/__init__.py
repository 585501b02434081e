"""Figures that screens request and workers count."""
