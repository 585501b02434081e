"""Every write of cases and tasks: lock the case, decide, write rows and event, in one transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection, transaction

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.casework.history import evidence, projection
from cityloop.casework.rules import beginning
from cityloop.casework.rules.codes import check_codes
from cityloop.casework.rules.responsibility import Responsibility, check_handed_to, handing, openings
from cityloop.casework.rules.scope import REPORTER, may_see, may_unmask
from cityloop.core import chain
from cityloop.core.actors import SYSTEM, Actor, Post
from cityloop.core.clocks.worktime import Calendar
from cityloop.core.errors import Conflict, NotAllowed, NotFound, NotPossible
from cityloop.core.place.areas import PLACED, codes_in, is_in_tree, place_facts
from cityloop.core.procedures import deciding, waking
from cityloop.core.procedures.casefile import CaseState, Link, Move, after
from cityloop.core.procedures.needs import facts_of, photos_given
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import Action, CaseClock, Procedure, Words
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.runtime.log import events
from cityloop.runtime.models import Event
from cityloop.runtime.secrets import vault

SALT_LENGTH = 16  # bytes
NOTES = ("LimitPassed", "ReporterRevealed", "WordsErased")  # events that move no task
# Needed for every action, and in SQL because building the queries from objects took longer than answering them.
_LOCKED = {
    "id": "SELECT * FROM casework_case WHERE id = %s FOR UPDATE",
    "number": "SELECT * FROM casework_case WHERE number = %s FOR UPDATE",
}
_TASKS = "SELECT * FROM casework_task WHERE case_id = %s ORDER BY no"
_LAST_MOMENT = "SELECT at FROM runtime_event WHERE stream = %s AND seq = %s"
MOST_AT_ONCE = 20  # timers of one case handled in one job; the next job takes the rest


@dataclass(frozen=True, slots=True)
class CaseOpening:
    """A case to be opened: its id is assigned, its place is known."""

    id: int
    number: str
    procedure: str
    facts: Words
    words: Words = field(default_factory=dict)


def open_cases(openings: Sequence[CaseOpening], actor: Actor, now: datetime, by: Post | None = None) -> None:
    """Open cases and write the first event of each, all in one statement; `by` is the post used."""
    city = current_city()
    moves: list[tuple[int, Move]] = []
    for name in dict.fromkeys(opening.procedure for opening in openings):
        procedure = city.latest(name)
        # Begun without answers, cases of a procedure differ in facts and words only: it is decided once for all.
        first = deciding.begin(procedure, {}, {}, now, Terms(city.calendar), by=by)
        for opening in (opening for opening in openings if opening.procedure == name):
            facts = {**opening.facts, **_origin(opening.number, procedure), **first.facts}
            moves.append((opening.id, replace(first, facts=facts, words=opening.words)))
    _write_new(moves, actor, now)


def begin_case(name: str, actor: Actor, inputs: Words, request: str, now: datetime) -> str:
    """Begin a case of a procedure by hand and return its number; repeating the request begins no second case."""
    existing = models.Case.objects.filter(request=request).values_list("number", flat=True).first()
    if existing:
        return existing
    city = current_city()
    procedure = beginning.by_hand(name, actor, city)
    post = deciding.may_begin(procedure, actor)
    check_codes(procedure.begins.needs, inputs, None, city)
    facts = {**_place_of_post(post, city), "channel": "begun", "reported_at": chain.moment(now), "request": request}
    handing_needs = handing(procedure.begins.needs, procedure, procedure.begins.opens)
    check_handed_to(handing_needs, inputs, {**facts, **facts_of(procedure.begins.needs, inputs)}, city)
    return _begin(procedure, facts, {}, inputs, actor, now, post=post, city=city)


@transaction.atomic
def act(
    number: str, action: str, task_no: int, actor: Actor, inputs: Words, expected_length: int | None, now: datetime
) -> bool:
    """Do an action on a task of a case, or (task 0) on the case itself; return whether the actor still sees the case.

    `expected_length` is the length of the history that the person saw. Raises Conflict, and changes nothing, when
    somebody acted in between; otherwise the Refusal of the engine.
    """
    row, state = _locked(number, actor)
    if expected_length is not None and _acted_since(row, expected_length):
        raise Conflict("somebody-was-faster")
    city = current_city()
    procedure = city.procedure(row.procedure, row.version)
    declared = procedure.actions.get(action)
    check_codes(declared.needs if declared else (), inputs, state.facts.get("category"), city)
    now = _not_before_history(row, now)
    move = deciding.decide(procedure, state, action, task_no, actor, inputs, now, _terms(state, inputs, city))
    move = _as_filed(_placed(move, state, city), procedure.actions[action], state, city)
    handing_needs = handing(procedure.actions[action].needs, procedure, openings(procedure, action))
    check_handed_to(handing_needs, move.answers, {**state.facts, **move.facts}, city)
    move = _with_new_case(row, state, procedure, move, actor, now)
    return may_see(actor, _write(row, state, move, actor, now), city)


@transaction.atomic
def wake(case_id: int, now: datetime) -> int:
    """Make the moves that the expired timers of a case cause; return how many moves."""
    row = _locked_row("id", case_id)
    city = current_city()
    procedure = city.procedures.get((row.procedure, row.version)) if row else None
    if row is None or procedure is None:
        return 0
    now = _not_before_history(row, now)
    for made in range(MOST_AT_ONCE):
        state = _state(row)
        move = waking.woken(procedure, state, now, _terms(state, {}, city))
        if move is None:
            return made
        _write(row, state, _with_new_case(row, state, procedure, move, SYSTEM, now), SYSTEM, now)
    return MOST_AT_ONCE


@transaction.atomic
def move_deadlines(case_id: int, old: Calendar, new: Calendar, now: datetime) -> bool:
    """Apply a changed calendar to the due moments of a case; return False when none of them moves."""
    row = _locked_row("id", case_id)
    procedure = current_city().procedures.get((row.procedure, row.version)) if row else None
    if row is None or procedure is None:
        return False
    state, now = _state(row), _not_before_history(row, now)
    move = waking.deadlines_moved(procedure, state, old, new, now)
    if move:
        _write(row, state, move, SYSTEM, now)
    return move is not None


@transaction.atomic
def note_linked_case(number: str, linked: str, outcome: str | None, now: datetime) -> bool:
    """Note on a case that a linked one was closed in a stage, or (None) is open again; False when already noted."""
    row = _locked_row("number", number)
    if row is None:
        return False
    state = _state(row)
    move = waking.linked_case_closed(state, linked, outcome)
    if move:
        _write(row, state, move, SYSTEM, _not_before_history(row, now))
    return move is not None


@transaction.atomic
def reveal_reporter(number: str, actor: Actor, now: datetime) -> tuple[str | None, str | None]:
    """Return the reporter's name and telephone in clear, and record in the history that they were shown."""
    row, state = _locked(number, actor)
    if not may_unmask(actor, state.areas):
        raise NotAllowed("reporter-hidden")
    bodies = dict(row.words.filter(name__in=REPORTER, erased_at=None).values_list("name", "body"))
    if not bodies:
        raise NotPossible("no-reporter")
    move = _note(state, "ReporterRevealed", "reveal_reporter")
    _write(row, state, move, actor, _not_before_history(row, now))
    name, phone = (bodies.get(key) for key in REPORTER)
    try:
        return vault.unlock(name) if name else None, vault.unlock(phone) if phone else None
    except vault.UnreadableSecret as error:
        raise NotPossible("reporter-unreadable") from error


@transaction.atomic
def erase_words(number: str, by: str, now: datetime) -> int:
    """Erase the personal words of a case permanently, as the law may require; return how many.

    The history stays valid: it contains commitments only.
    """
    row = _locked_row("number", number)
    if row is None:
        raise NotFound("no-such-case")
    left = row.words.filter(erased_at=None)
    erased = {f"{seq}.{name}": "erased" for seq, name in left.values_list("seq", "name")}
    left.update(body=None, salt=None, erased_at=now)
    erased |= dict.fromkeys(evidence.erase(row.pk, now), "erased")
    state = _state(row)
    move = replace(_note(state, "WordsErased", "erase_words"), answers=erased)
    for name in projection.SHOWN:
        setattr(row, name, None)
    _write(row, state, move, Actor(by, by), _not_before_history(row, now))
    return len(erased)


def _note(state: CaseState, event: str, action: str) -> Move:
    """Return a move that only records an event and leaves the case unchanged."""
    return Move(event, action, None, state.stage, not state.is_open, None, counts=state.counts)


def _locked(number: str, actor: Actor) -> tuple[models.Case, CaseState]:
    row = _locked_row("number", number)
    state = _state(row) if row else None
    if row is None or state is None or not may_see(actor, state, current_city()):
        raise NotFound("no-such-case")
    return row, state


def _locked_row(column: str, value: int | str) -> models.Case | None:
    """Lock the case with this id or number and return its row, None if there is none."""
    return next(iter(models.Case.objects.raw(_LOCKED[column], [value])), None)


def _state(row: models.Case) -> CaseState:
    return projection.state(row, models.Task.objects.raw(_TASKS, [row.pk]))


def _origin(number: str, procedure: Procedure) -> dict[str, str]:
    return {"number": number, "procedure": procedure.name, "version": str(procedure.version)}


def _with_new_case(
    row: models.Case, state: CaseState, procedure: Procedure, move: Move, actor: Actor, now: datetime
) -> Move:
    """Begin the case that the move's action begins, if any; return the move with the link to it."""
    action = procedure.actions.get(move.action)
    if action is None or action.begins_case is None:
        return move
    city, new = current_city(), action.begins_case
    other = city.latest(new.procedure)
    inputs = beginning.inputs_for(new, move, state)
    check_codes(other.begins.needs, inputs, None, city)
    facts = beginning.facts_taken_over(state, now)
    words = {"address": row.address} if row.address else {}
    back = Link(beginning.inverse(new.relation), row.number, row.procedure)
    number = _begin(other, facts, words, inputs, actor, now, post=move.by, city=city, links=(back,))
    return replace(move, links=(*move.links, Link(new.relation, number, other.name)))


@transaction.atomic
def _begin(
    procedure: Procedure,
    facts: Words,
    words: Words,
    inputs: Words,
    actor: Actor,
    now: datetime,
    *,
    post: Post | None,
    city: City,
    links: tuple[Link, ...] = (),
) -> str:
    """Begin a case and return its number."""
    case_id, number = projection.next_number(now)
    facts = {**facts, **_origin(number, procedure)}
    unopened = CaseState("", True, (), facts, 0)
    terms = _terms(unopened, inputs, city)
    move = deciding.begin(procedure, facts, words, now, terms, inputs=inputs, by=post, links=links)
    move = _placed(move, unopened, city)
    if post and not links and not post.covers(codes_in(move.facts)):
        raise NotAllowed("outside-your-area")
    duty = Responsibility(move.facts, city).answer.unit
    move = replace(move, facts={**move.facts, "duty": duty}) if duty else move
    _write_new([(case_id, move)], actor, now)
    evidence.record(case_id, 1, photos_given(procedure.begins.needs, move.answers))
    return number


def _write_new(moves: Sequence[tuple[int, Move]], actor: Actor, now: datetime) -> None:
    """Write new cases with the moves that begin them."""
    cases, entries, words = [], [], []
    for case_id, move in moves:
        new_words = _new_words(case_id, 1, move.words)
        entry = _entry(case_id, 1, chain.EMPTY, move, new_words, actor, now)
        state = after(None, move, actor.account, now)
        cases.append(projection.NewCaseRow(case_id, entry.hash, state, now, move.words))
        entries.append(entry)
        words += new_words
    projection.insert(cases, words, entries)


def _write(row: models.Case, state: CaseState, move: Move, actor: Actor, now: datetime) -> CaseState:
    """Write a move and return the state after it; `now` must not be before the history's last event."""
    new_words = _new_words(row.id, row.length + 1, move.words)
    entry = _entry(row.id, row.length + 1, bytes(row.head), move, new_words, actor, now)
    new = after(state, move, actor.account, now)
    projection.change(row, state, new, new_words, entry)
    action = current_city().procedure(row.procedure, row.version).actions.get(move.action)
    evidence.record(row.id, row.length, photos_given(action.needs if action else (), move.answers))
    return new


def _entry(
    case_id: int,
    seq: int,
    before: bytes,
    move: Move,
    new_words: Sequence[projection.NewWords],
    actor: Actor,
    now: datetime,
) -> events.EventRow:
    commitments = {words.name: chain.commitment(words.salt, words.body.encode()) for words in new_words}
    content = history.payload(move, commitments)
    return events.entry(history.stream(case_id), seq, before, move.event, actor.account, now, content)


def _new_words(case_id: int, seq: int, words: Words) -> list[projection.NewWords]:
    bodies = {name: vault.lock(text) if name in REPORTER else text for name, text in words.items()}
    return [
        projection.NewWords(case_id, seq, name, secrets.token_bytes(SALT_LENGTH), body) for name, body in bodies.items()
    ]


def _place_of_post(post: Post | None, city: City) -> dict[str, str]:
    """Return the place facts of a case that a post begins: the area of the post."""
    area = city.areas.get(post.area or "") if post else None
    lineage = city.lineage(area.code) if area else {}
    return place_facts(lineage, {} if area is None or is_in_tree(area.level) else {area.level: (area.code,)})


def _placed(move: Move, state: CaseState, city: City) -> Move:
    """Return the move without the smaller areas that are outside the district that was chosen."""
    district = move.facts.get("district")
    if district is None:
        return move
    smaller = {name: state.facts[name] for name in PLACED[1:] if state.facts.get(name)}
    outside = {name: "" for name, code in smaller.items() if _is_outside(code, district, city)}
    if state.facts.get("grids") and state.facts.get("district") != district:
        outside["grids"] = ""
    return replace(move, facts={**move.facts, **outside}) if outside else move


def _is_outside(code: str, district: str, city: City) -> bool:
    return code in city.areas and city.lineage(code).get("district") != district


def _as_filed(move: Move, action: Action, state: CaseState, city: City) -> Move:
    """Return the move with the words of the class and the condition as they are when the case is filed.

    Catalogues change; a case keeps the words it was filed with.
    """
    if action.case_clock is not CaseClock.START:
        return move
    facts = {**state.facts, **move.facts}
    category, condition = city.classes.get(facts.get("category", "")), city.condition(facts.get("condition", ""))
    words = {"category_name": category.name} if category else {}
    if condition:
        words |= {"condition_filing": condition.filing, "condition_closing": condition.closing}
    return replace(move, facts={**move.facts, **words})


def _terms(state: CaseState, inputs: Words, city: City) -> Terms:
    category = city.classes.get(inputs.get("category") or state.facts.get("category", ""))
    if category is None:
        return Terms(city.calendar)
    name = inputs.get("condition") or state.facts.get("condition", "")
    condition = city.condition(name) if name.rpartition(" ")[0] == category.reference else None
    limit = condition.limit(city.grade_of(state.areas)) if condition else None
    return Terms(city.calendar, category.limits_with(limit) if limit else category.limits)


def _acted_since(row: models.Case, length: int) -> bool:
    """Return whether anybody acted after the history had that length; events that only note something do not count."""
    if length >= row.length:
        return length > row.length
    later = Event.objects.filter(stream=history.stream(row.pk), seq__gt=length)
    return later.exclude(name__in=NOTES).exclude(actor=events.SYSTEM).exists()


def _not_before_history(row: models.Case, now: datetime) -> datetime:
    """Return now, or the moment of the last event if that is later, as after a clock was set back."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_MOMENT, [history.stream(row.pk), row.length])
        last: datetime = cursor.fetchone()[0]
    return max(now, last)
