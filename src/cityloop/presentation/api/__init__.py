"""The API: OpenAPI 3.1 under /api/v1/, problem details for every refusal."""
