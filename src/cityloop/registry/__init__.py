"""The data of the city: areas, units, people and their posts, categories, duties, calendars, packs."""
