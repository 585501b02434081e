"""What casework and intake refuse."""

CASES: dict[str, str] = {
    # Intake
    "reporter-shape": "This must contain name and phone.",
    "not-a-channel": "Use the letters a to z, digits, hyphens and dots, such as 12345.",
}
