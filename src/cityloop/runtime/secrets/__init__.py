"""The city's keys, and encryption of personal data at rest."""
