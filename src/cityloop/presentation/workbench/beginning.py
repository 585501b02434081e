"""The form that begins a case of a procedure by hand. Its fields come from the procedure."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.http import QueryDict

from cityloop.casework import queries
from cityloop.casework.queries import NewCaseForm
from cityloop.core.actors import Actor
from cityloop.core.errors import Invalid, NotAllowed, Refusal
from cityloop.presentation.pages.fields import FormField, fields_of_offer
from cityloop.presentation.pages.photos import read_words
from cityloop.presentation.pages.sentences import sentence

_OURS = frozenset({"csrfmiddlewaretoken", "request"})
LONGEST_KEY = 100


@dataclass(frozen=True, slots=True)
class ShownForm:
    """The form as drawn; `key` makes a second press of the button the same case."""

    procedure: str
    title: str
    key: str
    fields: tuple[FormField, ...]
    refused: str = ""
    faults: tuple[FormField, ...] = ()

    @property
    def brings_files(self) -> bool:
        return any(field.kind == "photos" for field in self.fields)


def blank_case(procedure: str, actor: Actor) -> ShownForm:
    """Return the empty form; NotAllowed where the person may not begin such a case."""
    return _shown(_form_of(procedure, actor), str(uuid4()), {}, None)


def filled_case(procedure: str, actor: Actor, key: str, inputs: Mapping[str, str], refusal: Refusal) -> ShownForm:
    """Return the form with what was typed and its faults."""
    return _shown(_form_of(procedure, actor), key, inputs, refusal)


def case_inputs(posted: QueryDict) -> tuple[str, dict[str, str]]:
    """Return the key of the request and what was filled in."""
    inputs = {name: words for name, words in read_words(posted).items() if name not in _OURS}
    return posted.get("request", "")[:LONGEST_KEY] or str(uuid4()), inputs


def asked_photos(procedure: str, actor: Actor) -> tuple[str, ...]:
    """Return the fields that ask for photos; NotAllowed where the person may not begin such a case."""
    return tuple(field.name for field in _form_of(procedure, actor).fields if field.kind == "photos")


def _form_of(procedure: str, actor: Actor) -> NewCaseForm:
    for form in queries.beginnings(actor):
        if form.procedure == procedure:
            return form
    raise NotAllowed("may-not-begin")


def _shown(form: NewCaseForm, key: str, values: Mapping[str, str], refusal: Refusal | None) -> ShownForm:
    fields = fields_of_offer(form.fields, values, refusal)
    faults = tuple(field for field in fields if field.fault) if isinstance(refusal, Invalid) else ()
    return ShownForm(form.procedure, form.title, key, fields, sentence(refusal) if refusal else "", faults)
