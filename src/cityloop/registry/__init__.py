"""The city as data: areas, units, people and their posts, categories, duties, calendars, packs."""
