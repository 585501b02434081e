"""Accounts, appointments, tokens, and what each role may do."""
