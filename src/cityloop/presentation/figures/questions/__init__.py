"""What a page of figures is asked: period, grouping, objects, choices."""
