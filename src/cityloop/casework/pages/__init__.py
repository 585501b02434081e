"""What screens show of cases: queue, story, documents, clocks, offers, with masking."""
