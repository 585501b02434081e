"""The query of a page of figures: period, grouping, objects, choices."""
