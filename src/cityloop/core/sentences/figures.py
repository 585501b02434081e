"""What evaluation refuses: indicators, facts, histories."""

FIGURES: dict[str, str] = {}
