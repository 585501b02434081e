"""A case's events: written, replayed to rows, with evidence and its proof."""
