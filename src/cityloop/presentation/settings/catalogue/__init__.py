"""Pages of catalogues and classes."""
