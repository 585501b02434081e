"""Everything that people and programs see: the screens and the API. Nothing is decided here."""
