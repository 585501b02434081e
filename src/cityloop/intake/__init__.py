"""A report becomes a case: idempotent, placed, numbered, its duty found."""
