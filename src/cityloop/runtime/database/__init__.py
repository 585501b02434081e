"""PostgreSQL for Django, with a cheaper way to see that a kept connection has been cut."""
