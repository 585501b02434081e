"""The kit of every page: frame, fields, refusals, receipts, language."""
