"""Catalogues of classes: changes, questions, comparison with a table of the city."""
