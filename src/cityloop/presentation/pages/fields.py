"""One field of a form as it is drawn: its label, its value, its fault. What is valid is decided in the floors below."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cityloop.casework.queries import Choice, InputField
from cityloop.core.errors import Fault, Invalid, Refusal
from cityloop.presentation.pages.photos import ACCEPTED, MOST_BYTES, KeptPhoto, kept_photos
from cityloop.presentation.pages.sentences import fault_words

DRAWN = ("text", "photos", "number", "date", "units")  # everything else is chosen from a list


@dataclass(frozen=True, slots=True)
class FormField:
    """A labelled field; kind is text (several lines), line, phone, number, date, units, select or photos."""

    name: str
    title: str
    kind: str
    required: bool = False
    help: str = ""
    choices: tuple[Choice, ...] = ()
    value: str = ""
    fault: str = ""
    rows: int = 2
    kept: tuple[KeptPhoto, ...] = ()
    most: int | None = None
    accepted: str = ACCEPTED  # the media types of photos
    most_bytes: str = str(MOST_BYTES)  # of one photo; as text, for no language writes it with commas

    @property
    def chosen(self) -> tuple[str, ...]:
        """The values of several that are chosen."""
        return tuple(self.value.split())

    @property
    def too_large(self) -> str:
        return fault_words(Fault(self.name, "photo-too-large"))


def fields_of_offer(
    inputs: Iterable[InputField], values: Mapping[str, str], refusal: Refusal | None
) -> tuple[FormField, ...]:
    """Return an action's short form, with the answers and faults of a refused try."""
    faults = faults_of(refusal)
    return tuple(
        FormField(
            name=field.name,
            title=field.title,
            kind=field.kind if field.kind in DRAWN else "select",
            required=field.required,
            help=field.help or _how_many_photos(field),
            choices=field.choices,
            value=values.get(field.name, field.initial),
            fault=faults.get(field.name, ""),
            most=field.most,
            kept=kept_photos(values.get(field.name, "")) if field.kind == "photos" else (),
        )
        for field in inputs
    )


def _how_many_photos(field: InputField) -> str:
    if field.kind != "photos" or field.most is None:
        return ""
    if field.least > 1:
        return _("%(least)d to %(most)d photos.") % {"least": field.least, "most": field.most}
    return _("At most %(most)d photos.") % {"most": field.most}


def faults_of(refusal: Refusal | None) -> dict[str, str]:
    """Return what was wrong by field, in the reader's language; empty unless the refusal is about fields."""
    if not isinstance(refusal, Invalid):
        return {}
    return {fault.field: fault_words(fault) for fault in refusal.faults}
