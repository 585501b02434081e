"""Read the query string into filters. A value that is not offered is refused, never ignored."""

import unicodedata
from collections.abc import Mapping
from datetime import date

from cityloop.casework.queries import CaseFilters, QueueFilters
from cityloop.core.clocks.worktime import Lamp
from cityloop.core.errors import Fault, Invalid
from cityloop.evaluation.queries import FIGURES

YEARS = range(1990, 2101)  # no report is accepted from before these years; after them the calendar fails


def queue_filters(query: Mapping[str, str]) -> QueueFilters:
    """Return the queue's filters; Invalid where the lamp is unknown. An empty district means tasks without one."""
    return QueueFilters(
        kind=text_asked(query, "kind") or None, lamp=_lamp(query.get("lamp")), district=text_asked(query, "district")
    )


def case_filters(query: Mapping[str, str]) -> CaseFilters:
    """Return the filters of the list of cases; Invalid where the month or the figure is unknown."""
    return CaseFilters(
        words=text_asked(query, "words") or None,
        district=text_asked(query, "district"),
        month=month(query.get("month")),
        figure=_figure(query.get("figure")),
    )


def month(words: str | None) -> date | None:
    """Return the first day of a month written 2026-11; None for none, Invalid for anything else."""
    if not words:
        return None
    try:
        first = date.fromisoformat(f"{words}-01")
    except ValueError:
        raise Invalid([Fault("month", "not-a-month")]) from None
    if first.year not in YEARS:
        raise Invalid([Fault("month", "month-out-of-range")])
    return first


def text_asked(query: Mapping[str, str], name: str) -> str | None:
    """Return the text of a parameter; Invalid for control characters: PostgreSQL stores no NUL, nobody types others."""
    words = query.get(name)
    if words is None:
        return None
    words = words.strip()
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in words):
        raise Invalid([Fault(name, "unstorable-character")])
    return words


def whole_asked(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole number from 0; None where there is none, or a longer one than any row has."""
    words = query.get(name, "")
    return int(words) if words.isdecimal() and len(words) < 10 else None


def change_seen(posted: Mapping[str, str]) -> int:
    """Return the number of the last change that the person had seen when filling in the form; 0 where there is none."""
    return whole_asked(posted, "seen") or 0


def _lamp(words: str | None) -> Lamp | None:
    if not words:
        return None
    if words not in tuple(Lamp):
        raise Invalid([Fault("lamp", "not-a-choice")])
    return Lamp(words)


def _figure(words: str | None) -> str | None:
    if not words:
        return None
    if words not in FIGURES:
        raise Invalid([Fault("figure", "not-a-choice")])
    return words
