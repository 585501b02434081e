"""Every write of cases and tasks: lock, decide, write, tell, in one transaction."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from cityloop.casework import history, models, projection
from cityloop.casework.scope import may_see, may_unmask
from cityloop.core import chain, procedure
from cityloop.core.errors import Conflict, Fault, Invalid, NotAllowed, NotFound, NotPossible
from cityloop.core.procedure import Actor, Move, Words
from cityloop.core.worktime import Limit
from cityloop.registry.city import City, city
from cityloop.runtime import events, vault
from cityloop.runtime.models import Event

SALT_LENGTH = 16  # bytes
NOTES = ("LimitPassed", "ReporterRevealed", "WordsErased")  # events that move no task
REPORTER = ("reporter_name", "reporter_phone")  # kept encrypted, shown masked


@dataclass(frozen=True, slots=True)
class Opening:
    """A case to be opened: its id is allotted, its place is known."""

    id: int
    number: str
    procedure: str
    facts: Words
    words: Words = field(default_factory=dict)


def open_cases(openings: Sequence[Opening], actor: Actor, now: datetime) -> None:
    """Open cases and write the first event of each, in one statement however many they are."""
    town = city()
    cases, entries, words = [], [], []
    for opening in openings:
        way = town.latest(opening.procedure)
        facts = {**opening.facts, "number": opening.number, "procedure": way.name, "version": str(way.version)}
        move = procedure.begin(way, facts, opening.words, now, town.due_after)
        kept = _kept(opening.id, 1, move.words)
        entry = _entry(opening.id, 1, chain.EMPTY, move, kept, actor, now)
        state = procedure.after(None, move, actor.account, now)
        cases.append(projection.NewCase(opening.id, entry.hash, state, now, opening.words))
        entries.append(entry)
        words += kept
    projection.insert(cases, words, entries)


@transaction.atomic
def act(
    number: str, action: str, task_no: int, actor: Actor, inputs: Words, expected_length: int | None, now: datetime
) -> None:
    """Do an action on a task of a case.

    `expected_length` is the length of the history that the person saw; when somebody acted in between, Conflict
    says so and nothing is changed. Raises the Refusal of the engine otherwise.
    """
    row, state = _locked(number, actor)
    if expected_length is not None and _acted_since(row, expected_length):
        raise Conflict("somebody-was-faster", "Somebody else acted on this case while you had it open.")
    town = city()
    way = town.procedures[row.procedure, row.version]
    _check_codes(way, action, inputs, town)
    limits = _limits(state, inputs, town)
    now = _not_before_history(row, now)
    move = procedure.decide(way, state, action, task_no, actor, inputs, limits, now, town.due_after)
    _write(row, state, _placed(move, state, town), actor, now)


@transaction.atomic
def reveal_reporter(number: str, actor: Actor, now: datetime) -> tuple[str | None, str | None]:
    """Return the reporter's name and telephone in clear; that they were shown is written down."""
    row, state = _locked(number, actor)
    if not may_unmask(actor, state):
        raise NotAllowed("reporter-hidden", "Only the intake desk and the duty officer may see who reported.")
    bodies = dict(row.words.filter(name__in=REPORTER, erased_at=None).values_list("name", "body"))
    if not bodies:
        raise NotPossible("no-reporter", "Who reported this is not known, or was erased.")
    move = Move("ReporterRevealed", "reveal_reporter", None, row.stage, not row.is_open, None)
    _write(row, state, move, actor, now)
    name, phone = (bodies.get(key) for key in REPORTER)
    try:
        return vault.unlock(name) if name else None, vault.unlock(phone) if phone else None
    except vault.Unreadable as wrong:
        raise NotPossible(
            "reporter-unreadable", "Who reported this cannot be read; ask for a check of the data."
        ) from wrong


@transaction.atomic
def erase_words(number: str, by: str, now: datetime) -> int:
    """Erase the personal words of a case for good, as the law may demand; the history stays valid."""
    row = models.Case.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise NotFound("no-such-case", "There is no such case.")
    kept = row.words.filter(erased_at=None)
    erased = {f"{seq}.{name}": "erased" for seq, name in kept.values_list("seq", "name")}
    kept.update(body=None, salt=None, erased_at=now)
    move = Move("WordsErased", "erase_words", None, row.stage, not row.is_open, None, answers=erased)
    for name in projection.SHOWN:
        setattr(row, name, None)
    _write(row, _state(row), move, Actor(by, by), now)
    return len(erased)


@transaction.atomic
def note_limits_passed(case_id: int, now: datetime) -> bool:
    """Note every open task of a case whose limit has passed; False when there was nothing (more) to note."""
    row = models.Case.objects.select_for_update().filter(pk=case_id).first()
    if row is None:
        return False
    state = _state(row)
    move = procedure.limits_passed(state, now)
    if move is None:
        return False
    _write(row, state, move, Actor(events.SYSTEM, events.SYSTEM), now)
    return True


def _locked(number: str, actor: Actor) -> tuple[models.Case, procedure.Case]:
    row = models.Case.objects.select_for_update().filter(number=number).first()
    state = _state(row) if row else None
    if row is None or state is None or not may_see(actor, state, city()):
        raise NotFound("no-such-case", "There is no such case, or you may not see it.")
    return row, state


def _state(row: models.Case) -> procedure.Case:
    return projection.state(row, models.Task.objects.filter(case=row).order_by("no"))


def _write(row: models.Case, state: procedure.Case, move: Move, actor: Actor, now: datetime) -> None:
    now = _not_before_history(row, now)
    kept = _kept(row.id, row.length + 1, move.words)
    entry = _entry(row.id, row.length + 1, bytes(row.head), move, kept, actor, now)
    new = procedure.after(state, move, actor.account, now)
    for name, value in projection.columns(new).items():
        setattr(row, name, value)
    row.head = entry.hash
    row.save()
    _write_tasks(row, state, new)
    projection.insert_words(kept)
    events.write([entry])


def _write_tasks(row: models.Case, before: procedure.Case, after: procedure.Case) -> None:
    for old, new in zip(before.tasks, after.tasks, strict=False):
        if old != new:
            changed = {"done_at": new.done_at, "outcome": new.outcome, "passed_at": new.passed_at}
            models.Task.objects.filter(case=row, no=new.no).update(**changed)
    if after.areas != before.areas:
        place = {"district": row.district, "community": row.community}
        models.Task.objects.filter(case=row).update(**place)
    projection.insert_tasks((row.id, after, task) for task in after.tasks[len(before.tasks) :])


def _entry(
    case_id: int,
    seq: int,
    before: bytes,
    move: Move,
    kept: Sequence[projection.NewWords],
    actor: Actor,
    now: datetime,
) -> events.Entry:
    commitments = {words.name: chain.commitment(words.salt, words.body.encode()) for words in kept}
    content = history.payload(move, commitments)
    return events.entry(history.stream(case_id), seq, before, move.event, actor.account, now, content)


def _kept(case_id: int, seq: int, words: Words) -> list[projection.NewWords]:
    return [
        projection.NewWords(
            case_id, seq, name, secrets.token_bytes(SALT_LENGTH), vault.lock(said) if name in REPORTER else said
        )
        for name, said in words.items()
    ]


def _placed(move: Move, state: procedure.Case, town: City) -> Move:
    """Return the move with a community only where it lies in the district that was chosen."""
    district = move.facts.get("district")
    community = town.areas.get(state.facts.get("community", ""))
    if district is None or community is None or community.parent == district:
        return move
    return replace(move, facts={**move.facts, "community": ""})


def _limits(state: procedure.Case, inputs: Words, town: City) -> Mapping[str, Limit]:
    category = town.categories.get(inputs.get("category") or state.facts.get("category", ""))
    return category.limits if category else {}


def _acted_since(row: models.Case, length: int) -> bool:
    """Return whether anybody acted after the history had that length; what only notes something does not count."""
    later = Event.objects.filter(stream=history.stream(row.pk), seq__gt=length)
    return length > row.length or later.exclude(name__in=NOTES).exists()


def _not_before_history(row: models.Case, now: datetime) -> datetime:
    """Return now, or the moment of the last event where the clock was set back: the history never turns around."""
    last = Event.objects.values_list("at", flat=True).get(stream=history.stream(row.pk), seq=row.length)
    return max(now, last)


def _check_codes(way: procedure.Procedure, action: str, inputs: Words, town: City) -> None:
    """Refuse a category, district or unit that the city does not have."""
    declared = way.actions.get(action)
    known = {
        "category": set(town.categories),
        "district": {code for code, area in town.areas.items() if area.level == "district"},
        "unit": {code for code, unit in town.units.items() if unit.handles},
    }
    faults = [
        Fault(need.name, "This is not one of the choices.")
        for need in (declared.needs if declared else ())
        if need.kind in known and inputs.get(need.name, "").strip() not in ("", *known[need.kind])
    ]
    if faults:
        raise Invalid(faults)
