"""What the files of a pack can have wrong."""

PACKS: dict[str, str] = {}
