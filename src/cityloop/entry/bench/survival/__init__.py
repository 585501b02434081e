"""The survival benchmark: every process of a city is killed in turn while reports come in."""
