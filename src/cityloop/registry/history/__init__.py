"""Changes of the city's data: written with before and after, listed, undone."""
