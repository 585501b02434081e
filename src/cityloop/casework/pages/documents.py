"""Documents that actions produce: the list of them, and one with its values filled in. Presentation draws them.

A document is made from the history alone, so that it reads the same in ten years; personal words that were erased are
erased in it too.
"""

import string
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.casework.pages.answers import DocumentView, ShownDocument
from cityloop.casework.pages.masking import mask_of
from cityloop.casework.words import answered, area_name, clock_limit_words, moment_words, named_category, unit_name
from cityloop.core.actors import Actor
from cityloop.core.place.areas import codes_in
from cityloop.core.procedures.casefile import CaseState, Move, after
from cityloop.core.procedures.procedure import Procedure
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title
from cityloop.registry.people.accounts import account_names
from cityloop.runtime.models import Event


def listed(procedure: Procedure, events: Iterable[Event]) -> tuple[DocumentView, ...]:
    """Return the documents that the events of a case produced, the oldest first."""
    return tuple(
        DocumentView(event.seq, name, title(procedure.documents[name].title), event.at)
        for event in events
        for name in event.payload.get("documents", ())
        if name in procedure.documents
    )


def produced(
    row: models.Case, procedure: Procedure, actor: Actor, seq: int, name: str, city: City
) -> ShownDocument | None:
    """Return a document of a case with its text; None if that event produced no document of that name."""
    events = list(Event.objects.filter(stream=history.stream(row.pk), seq__lte=seq).order_by("seq"))
    if not events or events[-1].seq != seq or name not in events[-1].payload.get("documents", ()):
        return None
    state, move = None, None
    for event in events:
        move = history.move(event.name, event.payload)
        state = after(state, move, event.actor, event.at)
    if state is None or move is None:
        return None
    values = _values(row, state, move, events[-1], procedure, actor, city)
    declared = procedure.documents[name]
    lines = tuple(_filled(line, values) for line in declared.lines)
    return ShownDocument(row.number, title(declared.title), lines, events[-1].at)


def _filled(line: str, values: Mapping[str, str]) -> str:
    parts = string.Formatter().parse(line)
    return "".join(text + (values.get(name, "") if name is not None else "") for text, name, _, _ in parts)


def _values(
    row: models.Case, state: CaseState, move: Move, event: Event, procedure: Procedure, actor: Actor, city: City
) -> dict[str, str]:
    bodies = row.words.filter(seq__in=(1, event.seq)).order_by("seq").values_list("name", "body")
    known = dict(bodies)
    mask = mask_of(actor, codes_in(row.facts), known)
    words = {name: gettext("(erased by law)") if body is None else mask(body) for name, body in known.items()}
    needs = procedure.actions[move.action].needs if move.action in procedure.actions else procedure.begins.needs
    answers = {need.name: answered(need, move.answers[need.name], city) for need in needs if need.name in move.answers}
    stage = {"stage": title(procedure.stages[state.stage].title)}
    case_values = _case_values(state, event, city)
    if case_values["district"] in words.get("address", ""):
        case_values["district"] = ""  # an address that contains it does not need it twice
    return {**case_values, **stage, **words, **answers, **_task_values(state, move, city)}


def _case_values(state: CaseState, event: Event, city: City) -> dict[str, str]:
    return {
        "number": state.facts.get("number", ""),
        "category": named_category(state.facts.get("category"), None, city) or "",
        "district": area_name(state.facts.get("district"), city) or "",
        "by": account_names({event.actor}).get(event.actor, gettext("System")),
        "moment": moment_words(event.at),
        "case_due": _moment_words(state.case_due_at),
    }


def _task_values(state: CaseState, move: Move, city: City) -> dict[str, str]:
    """Return the values of the task that a document is about: the last one with a unit opened or changed."""
    task = next((task for task in reversed(move.opened) if task.unit), None)
    changed = next((state.task(change.task) for change in move.changes if change.task), None)
    task = task or changed or state.task(move.task)
    if task is None:
        return {}
    limit = clock_limit_words(task.clock) if task.clock else ""
    return {"unit": unit_name(task.unit, city) or "", "limit": limit, "due": _moment_words(task.due_at)}


def _moment_words(moment: datetime | None) -> str:
    return moment_words(moment) if moment else ""
