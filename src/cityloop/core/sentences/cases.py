"""What casework and intake refuse."""

CASES: dict[str, str] = {}
