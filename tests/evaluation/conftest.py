"""Fixtures that the tests of facts share with the scenarios: the people of the small city, at work."""

from scenarios.conftest import desks  # noqa: F401  # a fixture
