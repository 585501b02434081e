"""Finding the place an address means, learned from addresses whose place is known."""
