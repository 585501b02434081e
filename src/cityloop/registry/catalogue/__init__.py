"""Catalogues of classes: changes, queries, comparison with a table of the city."""
