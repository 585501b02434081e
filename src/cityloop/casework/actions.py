"""Every write of cases and tasks: lock, decide, write, tell, in one transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from cityloop.casework import models
from cityloop.casework.history import events as history
from cityloop.casework.history import evidence, projection
from cityloop.casework.rules import beginning
from cityloop.casework.rules.codes import check_codes
from cityloop.casework.rules.responsibility import Responsibility, check_handed_to, handing, openings
from cityloop.casework.rules.scope import may_see, may_unmask
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
REPORTER = ("reporter_name", "reporter_phone")  # kept encrypted, shown masked
MOST_AT_ONCE = 20  # timers of one case that run out in one go; the next go takes the rest


@dataclass(frozen=True, slots=True)
class CaseOpening:
    """A case to be opened: its id is allotted, its place is known."""

    id: int
    number: str
    procedure: str
    facts: Words
    words: Words = field(default_factory=dict)


def open_cases(openings: Sequence[CaseOpening], actor: Actor, now: datetime, by: Post | None = None) -> None:
    """Open cases and write the first event of each, in one statement however many they are; `by` is the post used."""
    city = current_city()
    terms = Terms(city.calendar)
    moves = []
    for opening in openings:
        way = city.latest(opening.procedure)
        facts = {**opening.facts, **_origin(opening.number, way)}
        moves.append((opening.id, deciding.begin(way, facts, opening.words, now, terms, by=by)))
    _write_new(moves, actor, now)


def begin_case(name: str, actor: Actor, inputs: Words, request: str, now: datetime) -> str:
    """Begin a case of a procedure by hand and return its number; the same request again begins no second one."""
    known = models.Case.objects.filter(request=request).values_list("number", flat=True).first()
    if known:
        return known
    city = current_city()
    way = beginning.by_hand(name, actor, city)
    post = deciding.may_begin(way, actor)
    check_codes(way.begins.needs, inputs, None, city)
    facts = {**_home(post, city), "channel": "begun", "reported_at": chain.moment(now), "request": request}
    handed = handing(way.begins.needs, way, way.begins.opens)
    check_handed_to(handed, inputs, {**facts, **facts_of(way.begins.needs, inputs)}, city)
    return _begun(way, facts, {}, inputs, actor, now, post=post, city=city)


@transaction.atomic
def act(
    number: str, action: str, task_no: int, actor: Actor, inputs: Words, expected_length: int | None, now: datetime
) -> None:
    """Do an action on a task of a case, or (task 0) on the case itself.

    `expected_length` is the length of the history that the person saw; when somebody acted in between, Conflict
    says so and nothing is changed. Raises the Refusal of the engine otherwise.
    """
    row, state = _locked(number, actor)
    if expected_length is not None and _acted_since(row, expected_length):
        raise Conflict("somebody-was-faster", "Somebody else acted on this case while you had it open.")
    city = current_city()
    way = city.way(row.procedure, row.version)
    declared = way.actions.get(action)
    check_codes(declared.needs if declared else (), inputs, state.facts.get("category"), city)
    now = _not_before_history(row, now)
    move = deciding.decide(way, state, action, task_no, actor, inputs, now, _terms(state, inputs, city))
    move = _as_filed(_placed(move, state, city), way.actions[action], state, city)
    handed = handing(way.actions[action].needs, way, openings(way, action))
    check_handed_to(handed, move.answers, {**state.facts, **move.facts}, city)
    move = _with_new_case(row, state, way, move, actor, now)
    _write(row, state, move, actor, now)


@transaction.atomic
def wake(case_id: int, now: datetime) -> int:
    """Do what the timers of a case that have run out bring about; return how many moves that were."""
    row = models.Case.objects.select_for_update().filter(pk=case_id).first()
    city = current_city()
    way = city.procedures.get((row.procedure, row.version)) if row else None
    if row is None or way is None:
        return 0
    now = _not_before_history(row, now)
    for made in range(MOST_AT_ONCE):
        state = _state(row)
        move = waking.woken(way, state, now, _terms(state, {}, city))
        if move is None:
            return made
        _write(row, state, _with_new_case(row, state, way, move, SYSTEM, now), SYSTEM, now)
    return MOST_AT_ONCE


@transaction.atomic
def move_deadlines(case_id: int, old: Calendar, new: Calendar, now: datetime) -> bool:
    """Take a changed calendar over into the due moments of a case; False where it moves none."""
    row = models.Case.objects.select_for_update().filter(pk=case_id).first()
    way = current_city().procedures.get((row.procedure, row.version)) if row else None
    if row is None or way is None:
        return False
    state, now = _state(row), _not_before_history(row, now)
    move = waking.deadlines_moved(way, state, old, new, now)
    if move:
        _write(row, state, move, SYSTEM, now)
    return move is not None


@transaction.atomic
def note_linked_case(number: str, linked: str, outcome: str | None, now: datetime) -> bool:
    """Note on a case that a linked one was closed in a stage, or (None) is open again; False where that is known."""
    row = models.Case.objects.select_for_update().filter(number=number).first()
    if row is None:
        return False
    state = _state(row)
    move = waking.linked_case_closed(state, linked, outcome)
    if move:
        _write(row, state, move, SYSTEM, _not_before_history(row, now))
    return move is not None


@transaction.atomic
def reveal_reporter(number: str, actor: Actor, now: datetime) -> tuple[str | None, str | None]:
    """Return the reporter's name and telephone in clear; that they were shown is written down."""
    row, state = _locked(number, actor)
    if not may_unmask(actor, state):
        raise NotAllowed("reporter-hidden", "Only the intake desk and the duty officer may see who reported.")
    bodies = dict(row.words.filter(name__in=REPORTER, erased_at=None).values_list("name", "body"))
    if not bodies:
        raise NotPossible("no-reporter", "Who reported this is not known, or was erased.")
    move = _note(state, "ReporterRevealed", "reveal_reporter")
    _write(row, state, move, actor, _not_before_history(row, now))
    name, phone = (bodies.get(key) for key in REPORTER)
    try:
        return vault.unlock(name) if name else None, vault.unlock(phone) if phone else None
    except vault.UnreadableSecret as error:
        raise NotPossible(
            "reporter-unreadable", "Who reported this cannot be read; ask for a check of the data."
        ) from error


@transaction.atomic
def erase_words(number: str, by: str, now: datetime) -> int:
    """Erase the personal words of a case for good, as the law may demand; the history stays valid."""
    row = models.Case.objects.select_for_update().filter(number=number).first()
    if row is None:
        raise NotFound("no-such-case", "There is no such case.")
    kept = row.words.filter(erased_at=None)
    erased = {f"{seq}.{name}": "erased" for seq, name in kept.values_list("seq", "name")}
    kept.update(body=None, salt=None, erased_at=now)
    erased |= dict.fromkeys(evidence.erase(row.pk, now), "erased")
    state = _state(row)
    move = replace(_note(state, "WordsErased", "erase_words"), answers=erased)
    for name in projection.SHOWN:
        setattr(row, name, None)
    _write(row, state, move, Actor(by, by), _not_before_history(row, now))
    return len(erased)


def _note(state: CaseState, event: str, action: str) -> Move:
    """Return a move that changes nothing of the case."""
    return Move(event, action, None, state.stage, not state.is_open, None, counts=state.counts)


def _locked(number: str, actor: Actor) -> tuple[models.Case, CaseState]:
    row = models.Case.objects.select_for_update().filter(number=number).first()
    state = _state(row) if row else None
    if row is None or state is None or not may_see(actor, state, current_city()):
        raise NotFound("no-such-case", "There is no such case, or you may not see it.")
    return row, state


def _state(row: models.Case) -> CaseState:
    return projection.state(row, models.Task.objects.filter(case=row).order_by("no"))


def _origin(number: str, way: Procedure) -> dict[str, str]:
    return {"number": number, "procedure": way.name, "version": str(way.version)}


def _with_new_case(row: models.Case, state: CaseState, way: Procedure, move: Move, actor: Actor, now: datetime) -> Move:
    """Return the move with the link to the case that its action begins, having begun it."""
    action = way.actions.get(move.action)
    if action is None or action.begins_case is None:
        return move
    city, new = current_city(), action.begins_case
    other = city.latest(new.procedure)
    inputs = beginning.given(new, move, state)
    check_codes(other.begins.needs, inputs, None, city)
    facts = beginning.taken_over(state, now)
    words = {"address": row.address} if row.address else {}
    back = Link(beginning.inverse(new.relation), row.number, row.procedure)
    number = _begun(other, facts, words, inputs, actor, now, post=move.by, city=city, links=(back,))
    return replace(move, links=(*move.links, Link(new.relation, number, other.name)))


@transaction.atomic
def _begun(
    way: Procedure,
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
    known = {**facts, **_origin(number, way)}
    limits = _terms(CaseState("", True, (), known, 0), inputs, city)
    move = deciding.begin(way, known, words, now, limits, inputs=inputs, by=post, links=links)
    move = _placed(move, CaseState("", True, (), known, 0), city)
    if post and not links and not post.covers(codes_in(move.facts)):
        raise NotAllowed("outside-your-area", "Your post is for another area.")
    duty = Responsibility(move.facts, city).answer.unit
    move = replace(move, facts={**move.facts, "duty": duty}) if duty else move
    _write_new([(case_id, move)], actor, now)
    evidence.record(case_id, 1, photos_given(way.begins.needs, move.answers))
    return number


def _write_new(moves: Sequence[tuple[int, Move]], actor: Actor, now: datetime) -> None:
    """Write cases that begin with these moves."""
    cases, entries, words = [], [], []
    for case_id, move in moves:
        kept = _kept(case_id, 1, move.words)
        entry = _entry(case_id, 1, chain.EMPTY, move, kept, actor, now)
        state = after(None, move, actor.account, now)
        cases.append(projection.NewCaseRow(case_id, entry.hash, state, now, move.words))
        entries.append(entry)
        words += kept
    projection.insert(cases, words, entries)


def _write(row: models.Case, state: CaseState, move: Move, actor: Actor, now: datetime) -> None:
    """Write a move; `now` is not before the history's last event."""
    kept = _kept(row.id, row.length + 1, move.words)
    entry = _entry(row.id, row.length + 1, bytes(row.head), move, kept, actor, now)
    projection.change(row, state, after(state, move, actor.account, now), kept, entry)
    action = current_city().way(row.procedure, row.version).actions.get(move.action)
    evidence.record(row.id, row.length, photos_given(action.needs if action else (), move.answers))


def _entry(
    case_id: int,
    seq: int,
    before: bytes,
    move: Move,
    kept: Sequence[projection.NewWords],
    actor: Actor,
    now: datetime,
) -> events.EventRow:
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


def _home(post: Post | None, city: City) -> dict[str, str]:
    """Return where a post for one area begins cases: there."""
    area = city.areas.get(post.area or "") if post else None
    lineage = city.lineage(area.code) if area else {}
    return place_facts(lineage, {} if area is None or is_in_tree(area.level) else {area.level: (area.code,)})


def _placed(move: Move, state: CaseState, city: City) -> Move:
    """Return the move with smaller areas only where they lie in the district that was chosen."""
    district = move.facts.get("district")
    if district is None:
        return move
    smaller = {name: state.facts[name] for name in PLACED[1:] if state.facts.get(name)}
    outside = {name: "" for name, code in smaller.items() if _lies_elsewhere(code, district, city)}
    if state.facts.get("grids") and state.facts.get("district") != district:
        outside["grids"] = ""
    return replace(move, facts={**move.facts, **outside}) if outside else move


def _lies_elsewhere(code: str, district: str, city: City) -> bool:
    return code in city.areas and city.lineage(code).get("district") != district


def _as_filed(move: Move, action: Action, state: CaseState, city: City) -> Move:
    """Return the move with the words of the class and the condition as they stand when the case is filed.

    Catalogues change; a case keeps what it was filed as.
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
    named = inputs.get("condition") or state.facts.get("condition", "")
    condition = city.condition(named) if named.rpartition(" ")[0] == category.reference else None
    limit = condition.limit(city.grade_of(state.areas)) if condition else None
    return Terms(city.calendar, category.limits_with(limit) if limit else category.limits)


def _acted_since(row: models.Case, length: int) -> bool:
    """Return whether anybody acted after the history had that length; what only notes something does not count."""
    if length >= row.length:
        return length > row.length
    later = Event.objects.filter(stream=history.stream(row.pk), seq__gt=length)
    return later.exclude(name__in=NOTES).exclude(actor=events.SYSTEM).exists()


def _not_before_history(row: models.Case, now: datetime) -> datetime:
    """Return now, or the moment of the last event where the clock was set back: the history never turns around."""
    last = Event.objects.values_list("at", flat=True).get(stream=history.stream(row.pk), seq=row.length)
    return max(now, last)
