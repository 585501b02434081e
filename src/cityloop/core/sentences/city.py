"""What the registry finds wrong: areas, units, facilities, catalogues, packs."""

CITY: dict[str, str] = {}
