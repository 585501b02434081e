"""Documents that actions produce: which there are, and one with its words put in. How it looks is drawn above.

A document is told from the history alone, so that it reads the same in ten years; personal words that were erased are
erased in it, too.
"""

import string
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.casework.pages.answers import DocumentView, ShownDocument
from cityloop.casework.words import answered, area_name, limit_words, moment_words, named_category, unit_name
from cityloop.core.procedures.casefile import CaseState, Move, after
from cityloop.core.procedures.procedure import Procedure
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title
from cityloop.registry.people.accounts import account_names
from cityloop.runtime.models import Event


def listed(way: Procedure, events: Iterable[Event]) -> tuple[DocumentView, ...]:
    """Return the documents that the events of a case produced, the oldest first."""
    return tuple(
        DocumentView(event.seq, name, title(way.documents[name].title), event.at)
        for event in events
        for name in event.payload.get("documents", ())
        if name in way.documents
    )


def produced(row: models.Case, way: Procedure, seq: int, name: str, city: City) -> ShownDocument | None:
    """Return a document of a case with its words, None where that event produced none of that name."""
    events = list(Event.objects.filter(stream=history.stream(row.pk), seq__lte=seq).order_by("seq"))
    if not events or events[-1].seq != seq or name not in events[-1].payload.get("documents", ()):
        return None
    state, move = None, None
    for event in events:
        move = history.move(event.name, event.payload)
        state = after(state, move, event.actor, event.at)
    if state is None or move is None:
        return None
    values = _values(row, state, move, events[-1], way, city)
    declared = way.documents[name]
    lines = tuple(_filled(line, values) for line in declared.lines)
    return ShownDocument(row.number, title(declared.title), lines, events[-1].at)


def _filled(line: str, values: Mapping[str, str]) -> str:
    parts = string.Formatter().parse(line)
    return "".join(words + (values.get(name, "") if name is not None else "") for words, name, _, _ in parts)


def _values(row: models.Case, state: CaseState, move: Move, event: Event, way: Procedure, city: City) -> dict[str, str]:
    said = row.words.filter(seq__in=(1, event.seq)).values_list("seq", "name", "body")
    words = {name: gettext("(erased by law)") if body is None else body for _, name, body in sorted(said, key=_by_seq)}
    asked = way.actions[move.action].needs if move.action in way.actions else way.begins.needs
    answers = {need.name: answered(need, move.answers[need.name], city) for need in asked if need.name in move.answers}
    stage = {"stage": title(way.stages[state.stage].title)}
    of_the_case = _of_the_case(state, event, city)
    if of_the_case["district"] in words.get("address", ""):
        of_the_case["district"] = ""  # an address that begins with it does not need it twice
    return {**of_the_case, **stage, **words, **answers, **_of_the_task(state, move, city)}


def _by_seq(said: tuple[int, str, str | None]) -> int:
    return said[0]


def _of_the_case(state: CaseState, event: Event, city: City) -> dict[str, str]:
    return {
        "number": state.facts.get("number", ""),
        "category": named_category(state.facts.get("category"), None, city) or "",
        "district": area_name(state.facts.get("district"), city) or "",
        "by": account_names({event.actor}).get(event.actor, gettext("System")),
        "moment": moment_words(event.at),
        "case_due": _moment(state.case_due_at),
    }


def _of_the_task(state: CaseState, move: Move, city: City) -> dict[str, str]:
    """Return what a document tells of the task it is about: the handling one opened or changed last."""
    task = next((one for one in reversed(move.opened) if one.unit), None)
    changed = next((state.task(change.task) for change in move.changes if change.task), None)
    task = task or changed or state.task(move.task)
    if task is None:
        return {}
    limit = limit_words(task.clock.limit_in_force) if task.clock else ""
    return {"unit": unit_name(task.unit, city) or "", "limit": limit, "due": _moment(task.due_at)}


def _moment(moment: datetime | None) -> str:
    return moment_words(moment) if moment else ""
