"""Every error that CityLoop raises on purpose. Turning them into HTTP or exit codes is done above, once each.

CityLoopError
└── Refusal          the request is understood and nothing was changed
    ├── Invalid      what was supplied is wrong: one Fault per field
    ├── NotAllowed   this person may not do it
    ├── NotPossible  nobody can do it now
    ├── NotFound     there is no such thing, or not for this person
    └── Conflict     the same name already stands for something else

Anything else is a bug and is never caught to be hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class CityLoopError(Exception):
    """A failure with a stable kebab-case code and an English sentence for a person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Refusal(CityLoopError):
    """The request was understood and refused; nothing was changed.

    `words` are the sentence in several languages, where a procedure gives its own.
    """

    def __init__(self, code: str, sentence: str, words: Mapping[str, str] | None = None) -> None:
        super().__init__(code, sentence)
        self.words = words


class NotAllowed(Refusal):
    """This person may not do it."""


class NotPossible(Refusal):
    """Nobody can do it in the present state."""


class NotFound(Refusal):
    """There is no such thing, or not for this person."""


class Conflict(Refusal):
    """The same name already stands for other content."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was supplied: the field's path and the reason in words."""

    field: str
    reason: str


class Invalid(Refusal):
    """What was supplied is wrong; `faults` names every wrong field."""

    def __init__(self, faults: Sequence[Fault], code: str = "invalid") -> None:
        super().__init__(code, "; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = tuple(faults)
