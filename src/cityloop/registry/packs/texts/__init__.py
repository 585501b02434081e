"""The shape of a pack's YAML files."""
