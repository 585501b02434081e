"""Random walks through every shipped procedure: whatever people try and whenever, the invariants hold."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from calendars import CITY
from hypothesis import given, settings
from hypothesis import strategies as st

from cityloop.casework.history import events as history
from cityloop.core.actors import SYSTEM, Actor, Post
from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.errors import Invalid, Refusal
from cityloop.core.procedures import deciding, waking
from cityloop.core.procedures.casefile import CaseState, Move, TaskState, after
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import (
    Action,
    CaseClock,
    CaseRelation,
    NeedKind,
    Procedure,
    Separation,
)
from cityloop.core.procedures.requirements import facts
from cityloop.registry.packs.procedures import read_procedure
from cityloop.registry.packs.reading import SHIPPED

BEGAN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PROCEDURES = [read_procedure(path) for path in sorted(SHIPPED.glob("*/procedure*.yaml"))]
BY_NAME = {f"{procedure.name}-{procedure.version}": procedure for procedure in PROCEDURES}
UNITS = ("centre", "roads", "parks", "lamps")
CALENDAR = CITY
LIMITS = {"handle": Limit(2, LimitUnit.WORK_HOUR), "case": Limit(1, LimitUnit.WORK_DAY)}
MINUTES = ((0, 1, 7, 30, 90, 600, 4000, 50000), (4, 4, 4, 4, 3, 2, 1, 1))  # that pass, and how often
BY_ANSWER = ("nobody-goes-on", "no-former-task", "unit-handled-it")  # refused because of what was chosen
TERMS = Terms(CALENDAR, LIMITS)


def answers(needs: tuple, units: list[str], now: datetime) -> dict[str, str]:
    """Something right for everything that is asked."""
    given = {}
    for need in needs:
        given[need.name] = {
            NeedKind.TEXT: "好",
            NeedKind.CATEGORY: "06010",
            NeedKind.CONDITION: "06010 1",
            NeedKind.DISTRICT: "north",
            NeedKind.UNIT: units[0],
            NeedKind.UNITS: " ".join(sorted(set(units) | set(UNITS[: need.least]))[: need.most]),
            NeedKind.NUMBER: "2",
            NeedKind.DATE: (now + timedelta(days=3)).date().isoformat(),
            NeedKind.PHOTOS: " ".join(f"{number:064x}" for number in range(need.least)),
        }.get(need.kind) or need.choices[0][0]
    return given


@dataclass
class Walk:
    """A case in progress, and what the test itself keeps count of."""

    procedure: Procedure
    chance: Random
    now: datetime = BEGAN
    made: list[tuple[Move, str, datetime]] = field(default_factory=list)
    case: CaseState | None = None
    hands: set[str] = field(default_factory=set)  # who handled, people and units
    counted: dict[int, int] = field(default_factory=dict)  # by task; 0 is the case
    late: dict[str, int] = field(default_factory=dict)  # tasks that are done, by kind

    def go(self) -> None:
        given = answers(self.procedure.begins.needs, ["roads", "parks"], self.now)
        facts = {"district": "north", "number": "1"}
        self._make(deciding.begin(self.procedure, facts, {}, self.now, TERMS, inputs=given), "account/0")
        for _ in range(self.chance.randrange(50)):
            self.now += timedelta(minutes=self.chance.choices(*MINUTES)[0])
            self._wake()
            self._try()

    def _try(self) -> None:
        case, procedure = self.case, self.procedure
        name, no = self._attempt()
        action, actor = procedure.actions[name], self._actor(name, no)
        units = self.chance.sample(UNITS, self.chance.randint(1, 3))
        before = case
        refused = deciding.refusal(procedure, case, action, no, actor, self.now, CALENDAR)
        try:
            move = deciding.decide(
                procedure, case, name, no, actor, answers(action.needs, units, self.now), self.now, TERMS
            )
        except Invalid:
            raise
        except Refusal as state:
            assert refused is not None or state.code in BY_ANSWER
            assert case == before, "a refused action changed something"
            return
        assert refused is None, "the action was done and the button not shown"
        self._check_separation(action, no, actor)
        self._make(move, actor.account)

    def _attempt(self) -> tuple[str, int]:
        """Return an action and a task: mostly one that fits, seldom one that ends the case, sometimes any."""
        likely = [(action, task.no) for task in self.case.open_tasks for action in self.procedure.actions_on(task.kind)]
        likely += [(action, 0) for action in self.procedure.actions_at(self.case.stage)]
        if not likely or not self.chance.randrange(8):
            return self.chance.choice(sorted(self.procedure.actions)), self.chance.randint(0, len(self.case.tasks) + 1)
        ends = [bool(action.to and self.procedure.stages[action.to].final) for action, _ in likely]
        weights = [1 if final else 6 if action.on else 2 for (action, _), final in zip(likely, ends, strict=True)]
        action, no = self.chance.choices(likely, weights)[0]
        return action.name, no

    def _actor(self, name: str, no: int) -> Actor:
        """Return mostly somebody who may do it, else anybody."""
        task, action = self.case.task(no), self.procedure.actions[name]
        role = task.role if task else action.role
        if role and self.chance.randrange(7):
            unit = (task.unit if task else None) or self.chance.choice(sorted(self.case.handling_units) or UNITS)
            unit = unit if (task and task.unit) or action.handled else "centre"
            return Actor(f"account/{unit}-{role}", "", (Post(role, unit),))
        roles = {kind.role for kind in self.procedure.tasks.values()}
        roles |= {action.role for action in self.procedure.actions.values() if action.role}
        posts = [
            Post(self.chance.choice(sorted(roles)), self.chance.choice(UNITS), self.chance.choice([None, "north", "x"]))
            for _ in range(self.chance.randint(1, 2))
        ]
        return Actor(f"account/{self.chance.randrange(6)}", "", tuple(posts))

    def _wake(self) -> None:
        """Let every timer run out that has: each once, and they come to an end."""
        for _ in range(50):
            move = waking.woken(self.procedure, self.case, self.now, TERMS)
            if move is None:
                return
            self._make(move, SYSTEM.account)
        raise AssertionError("timers that never end")

    def _make(self, move: Move, account: str) -> None:
        self.made.append((move, account, self.now))
        self.case = after(self.case, move, account, self.now)
        self._check()
        if move.handling:
            self.hands.add(account)
        self.hands |= {task.unit for task in move.opened if task.part is Separation.HANDLING and task.unit}

    def _check(self) -> None:
        """See that an open case has holders and moments for its tasks, a closed one none, and that clocks are right."""
        case = self.case
        assert bool(case.open_tasks) == case.is_open
        assert all(task.role and task.due_at for task in case.open_tasks)
        assert all(task.unit for task in case.open_tasks if self.procedure.tasks[task.kind].held_by_unit)
        assert (case.closed_at is not None) == (not case.is_open)
        assert [task.no for task in case.tasks] == list(range(1, len(case.tasks) + 1))
        assert case.counts == self.procedure.stages[case.stage].counts
        for task in case.tasks:
            self._check_clock(task.no, task)
        if case.clock:
            self._check_clock(0, case)
        self._check_late()

    def _check_late(self) -> None:
        """`late_KIND` counts every task that used more than its limit, none before its due moment, and forgets none."""
        known = facts(self.procedure, self.case, None, self.now, CALENDAR).values
        for kind in self.procedure.tasks:
            tasks = [task for task in self.case.tasks if task.kind == kind]
            exceeded = sum(_exceeded(task, self.now) for task in tasks)
            late = known[f"late_{kind}"]
            assert exceeded <= late <= len(tasks) - sum(task.due_at >= self.now for task in tasks)
            assert late >= self.late.get(kind, 0)
            self.late[kind] = late - sum(task.is_open and task.due_at < self.now for task in tasks)

    def _check_clock(self, no: int, holder: TaskState | CaseState) -> None:
        """Counted time never exceeds elapsed time and never shrinks; a kept due moment is the one that is counted."""
        clock = holder.clock
        counted = clocks.counted_in_all(clock, self.now, CALENDAR)
        elapsed = (self.now - clock.facts[0].at).total_seconds()
        assert self.counted.get(no, 0) <= counted <= elapsed + 1
        self.counted[no] = counted
        if holder.is_open:
            due = clocks.due(clock, CALENDAR)
            assert (due.at if due else None) == (holder.due_at if no else holder.case_due_at)

    def _check_separation(self, action: Action, no: int, actor: Actor) -> None:
        """Nobody, person or unit, who handled the case judges it; who acts on a handling task has handled it."""
        task = self.case.task(no)
        part = task.part if task else action.part
        if part is Separation.JUDGING:
            assert not self.hands & {actor.account, *(post.unit for post in actor.posts)}
        if part is Separation.HANDLING:
            self.hands.add(actor.account)


def _exceeded(task: TaskState, now: datetime) -> bool:
    """Return whether the clock of a task counted more than its limit."""
    return clocks.counted_seconds(task.clock, now, CALENDAR) > clocks.limit_seconds(task.clock, CALENDAR)


@pytest.mark.parametrize("procedure", PROCEDURES, ids=BY_NAME)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_the_invariants_hold_on_every_path_through(procedure: Procedure, seed: int) -> None:
    walk = Walk(procedure, Random(seed))
    walk.go()
    state = None
    for move, account, at in walk.made:  # an event holds the whole move: telling it again gives the same case
        content = json.loads(json.dumps(history.payload(move, {})))
        state = after(state, history.move(move.event, content), account, at)
    assert state == walk.case and state.length == len(walk.made)
    assert sum(move.clock_started for move, _, _ in walk.made) <= 1, "the case's clock starts once"


@given(inputs=st.dictionaries(st.sampled_from(["category", "district", "note", "other"]), st.text(max_size=20)))
def test_what_is_missing_or_unreadable_is_named_and_nothing_else(inputs: dict[str, str]) -> None:
    procedure = BY_NAME["city-problem-4"]
    case = after(None, deciding.begin(procedure, {}, {}, BEGAN, TERMS), "account/0", BEGAN)
    operator = Actor("account/1", "", (Post("operator", "centre"),))
    invalid = {name for name in ("category", "district") if not inputs.get(name, "").strip()}
    invalid |= {name for name in ("category", "district", "note") if "\x00" in inputs.get(name, "").strip()}
    try:
        deciding.decide(procedure, case, "accept", 1, operator, inputs, BEGAN, TERMS)
    except Invalid as refused:
        assert {fault.field for fault in refused.faults} == invalid != set()
    else:
        assert not invalid


def test_every_procedure_that_begins_another_names_it_and_gives_what_it_asks() -> None:
    newest = {procedure.name: procedure for procedure in sorted(PROCEDURES, key=lambda procedure: procedure.version)}
    for procedure in newest.values():
        for action in procedure.actions.values():
            if new := action.begins_case:
                asked = {need.name for need in newest[new.procedure].begins.needs if need.required}
                assert asked <= {*new.gives, *new.given}, f"{procedure.name}.{action.name}"


def test_both_kinds_of_link_are_used() -> None:
    relations = {
        a.begins_case.relation for procedure in PROCEDURES for a in procedure.actions.values() if a.begins_case
    }
    assert relations == {CaseRelation.CHILD, CaseRelation.LINKED}


def test_the_case_clock_of_a_problem_starts_pauses_resumes_and_restarts() -> None:
    used = {action.case_clock for action in BY_NAME["city-problem-4"].actions.values()}
    assert used >= {CaseClock.START, CaseClock.PAUSE, CaseClock.RESUME, CaseClock.RESTART}
