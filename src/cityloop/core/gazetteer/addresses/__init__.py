"""An address split into its parts: areas, roads, numbers, names."""
