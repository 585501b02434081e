"""The pages of settings: the city's data, which everybody with a post may read."""
