"""An action as it was tried and as it is offered: a refused try is shown where it was made, with its values kept."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from cityloop.casework.queries import CasePage, Offer
from cityloop.core.errors import Fault, Invalid, Refusal
from cityloop.presentation.pages.fields import FormField, fields_of_offer
from cityloop.presentation.pages.photos import read_words
from cityloop.presentation.pages.sentences import sentence

_OURS = frozenset({"csrfmiddlewaretoken", "task", "action", "length", "written"})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of an action; `length` is how long the history was when the form was drawn."""

    task_no: int
    action: str
    length: int | None
    inputs: Mapping[str, str]
    written: tuple[str, ...] = ()  # the text that the person typed
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """An offer with its form, and why its last try was refused."""

    offer: Offer
    fields: tuple[FormField, ...]
    refused: str

    @property
    def written(self) -> str:
        """The names of the fields that take typed text, for the form to send along."""
        return " ".join(field.name for field in self.fields if field.kind == "text")

    @property
    def brings_files(self) -> bool:
        return any(field.kind == "photos" for field in self.fields)


def read_attempt(posted: QueryDict) -> Attempt:
    """Return what a form tried; Invalid where its hidden numbers are not numbers."""
    values = read_words(posted)
    try:
        task_no, length = int(values.get("task", "")), values.get("length")
        return Attempt(
            task_no=task_no,
            action=values.get("action", ""),
            length=int(length) if length else None,
            inputs={name: words for name, words in values.items() if name not in _OURS},
            written=tuple(values[name] for name in values.get("written", "").split() if values.get(name, "").strip()),
        )
    except ValueError:
        raise Invalid([Fault("task", "not-a-number")]) from None


def photo_fields(page: CasePage, attempt: Attempt) -> tuple[str, ...]:
    """Return the fields of the tried action that ask for photos; none where it is not offered."""
    return tuple(
        field.name
        for offer in page.offers
        if _is_of(attempt, offer)
        for field in offer.fields
        if field.kind == "photos"
    )


def shown_offers(page: CasePage, attempt: Attempt | None) -> tuple[ShownOffer, ...]:
    """Return the page's offers in their order, the tried one with its answers and its refusal."""
    return tuple(_shown(offer, attempt if attempt and _is_of(attempt, offer) else None) for offer in page.offers)


def stray_refusal(page: CasePage, attempt: Attempt | None) -> str:
    """Return the refusal that no offer on the page can carry, because the action is no longer there."""
    if attempt is None or attempt.refusal is None or any(_is_of(attempt, offer) for offer in page.offers):
        return ""
    return sentence(attempt.refusal)


def _shown(offer: Offer, attempt: Attempt | None) -> ShownOffer:
    refusal = attempt.refusal if attempt else None
    values = attempt.inputs if attempt else {}
    return ShownOffer(offer, fields_of_offer(offer.fields, values, refusal), sentence(refusal) if refusal else "")


def _is_of(attempt: Attempt, offer: Offer) -> bool:
    return (attempt.task_no, attempt.action) == (offer.task_no, offer.action)
