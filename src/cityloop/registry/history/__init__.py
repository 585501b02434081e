"""Changes of the city as data: written with before and after, listed, undone."""
