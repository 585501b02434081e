"""One field of a form as it is drawn: its words, what was typed, what was wrong. What is right is decided below."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cityloop.casework.queries import Choice, InputField
from cityloop.core.errors import Invalid, Refusal
from cityloop.presentation.workbench.sentences import reason_words


@dataclass(frozen=True, slots=True)
class FormField:
    """A labelled field; kind is text (several lines), line, phone, number or select."""

    name: str
    title: str
    kind: str
    required: bool = False
    help: str = ""
    choices: tuple[Choice, ...] = ()
    value: str = ""
    fault: str = ""
    rows: int = 2


def fields_of_offer(
    asked: Iterable[InputField], values: Mapping[str, str], refusal: Refusal | None
) -> tuple[FormField, ...]:
    """Return an action's short form, with the answers and faults of a refused try."""
    faults = faults_of(refusal)
    return tuple(
        FormField(
            name=field.name,
            title=field.title,
            kind="text" if field.kind == "text" else "select",
            required=field.required,
            help=field.help,
            choices=field.choices,
            value=values.get(field.name, field.initial),
            fault=faults.get(field.name, ""),
        )
        for field in asked
    )


def faults_of(refusal: Refusal | None) -> dict[str, str]:
    """Return what was wrong by field, in the reader's language; empty unless the refusal is about fields."""
    if not isinstance(refusal, Invalid):
        return {}
    return {fault.field: reason_words(fault.reason) for fault in refusal.faults}
