"""Everything seen: the workbench's screens and the programming interface. Nothing is decided here."""
