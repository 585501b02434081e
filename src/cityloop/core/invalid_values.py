"""A value that cannot be read: an error with the code and values of the Fault that its caller makes of it."""

from cityloop.core.errors import Fault
from cityloop.core.sentences import Values, english


class InvalidValue(ValueError):
    """A value that cannot be read, for a reason that has a code of core.sentences."""

    def __init__(self, code: str, values: Values | None = None) -> None:
        self.code = code
        self.values: Values = values or {}
        super().__init__(english(code, self.values))

    def fault(self, field: str) -> Fault:
        """Return this as the fault of a field."""
        return Fault(field, self.code, self.values)
