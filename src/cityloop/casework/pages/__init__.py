"""What screens show of cases: the queue, the page of a case, documents, clocks and offers, with masking."""
