"""The procedure engine: deciding what an action changes, without reading or writing anything."""
