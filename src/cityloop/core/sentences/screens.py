"""What the screens and the API find wrong themselves."""

SCREENS: dict[str, str] = {}
