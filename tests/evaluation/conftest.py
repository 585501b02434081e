"""What the tests of facts borrow from the scenarios: the people of the small city, at work."""

from scenarios.conftest import desks  # noqa: F401  # a fixture
