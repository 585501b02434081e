"""The pages that people work with: queue, cases, reports, live counts. Rules and queries are in the floors below."""
