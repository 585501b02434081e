"""Every error that CityLoop raises on purpose. Turning them into HTTP or exit codes is done above, once each.

CityLoopError
└── Refusal          the request is understood and nothing was changed
    ├── Invalid      the input has errors: one Fault per field
    ├── NotAllowed   this person may not do it
    ├── NotPossible  nobody can do it now
    │   ├── Unavailable  until the machine has room again; later the same may succeed
    │   └── Locked       until a moment, after too many failures
    ├── NotFound     there is no such thing, or not for this person
    └── Conflict     the same name already stands for something else

Each carries a stable kebab-case code and values. Its sentence is made from them when somebody reads it: in English by
core.sentences, in the reader's language by the screens. Anything else is a bug and is never caught to be hidden.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cityloop.core.sentences import Values, english


class CityLoopError(Exception):
    """A failure with a stable code, and the values that its sentence needs."""

    def __init__(self, code: str, values: Values | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.values: Values = values or {}

    @property
    def sentence(self) -> str:
        """Why, in English."""
        return english(self.code, self.values)

    def __str__(self) -> str:
        return self.sentence


class Refusal(CityLoopError):
    """The request was understood and refused; nothing was changed.

    `words` are the sentence in several languages, where a procedure gives its own.
    """

    def __init__(self, code: str, values: Values | None = None, words: Mapping[str, str] | None = None) -> None:
        super().__init__(code, values)
        self.words = words

    @property
    def sentence(self) -> str:
        """Why, in English."""
        return self.words["en"] if self.words else super().sentence


class NotAllowed(Refusal):
    """This person may not do it."""


class NotPossible(Refusal):
    """Nobody can do it in the present state."""


class Unavailable(NotPossible):
    """Nobody can do it until the machine can again; sent later, the same may succeed."""


class Locked(NotPossible):
    """Nobody can do it before the moment `until`, after too many failures."""

    def __init__(self, code: str, values: Values, *, until: datetime) -> None:
        super().__init__(code, values)
        self.until = until


class NotFound(Refusal):
    """There is no such thing, or not for this person."""


class Conflict(Refusal):
    """The same name already stands for other content."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One error in the input: the path of the field, a code of core.sentences, the values of its sentence."""

    field: str
    code: str
    values: Values = dataclasses.field(default_factory=dict, hash=False)

    @property
    def reason(self) -> str:
        """The sentence in English."""
        return english(self.code, self.values)


class Invalid(Refusal):
    """The input has errors; `faults` names every field that has one."""

    def __init__(self, faults: Sequence[Fault], code: str = "invalid") -> None:
        super().__init__(code)
        self.faults = tuple(faults)

    @property
    def sentence(self) -> str:
        """Every fault in English, joined by semicolons."""
        return "; ".join(f"{fault.field}: {fault.reason}" for fault in self.faults)
