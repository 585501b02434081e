"""The examples in the explanation of clocks are calculated, and the procedure of the how-to is read and followed."""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from cityloop.core.actors import Actor, Post
from cityloop.core.clocks import counting as clocks
from cityloop.core.clocks.charging import Holding, charges
from cityloop.core.clocks.history import Clock, ClockEventKind
from cityloop.core.clocks.recalculation import recalculated
from cityloop.core.clocks.worktime import Calendar, Limit
from cityloop.core.errors import Invalid, Refusal
from cityloop.core.procedures.casefile import CaseState, after
from cityloop.core.procedures.deciding import begin, decide
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import Procedure
from cityloop.core.procedures.waking import woken
from cityloop.registry.packs.procedures import read_procedure
from cityloop.registry.packs.reading import SHIPPED, Pack, check_together, read_all
from cityloop.registry.packs.texts.calendar import CalendarText, working_calendar
from cityloop.runtime.yaml_files import PlainLoader

DOCS = Path(__file__).resolve().parents[2] / "docs"
CLOCKS = (DOCS / "explanation" / "clocks.md").read_text("utf-8")
ZONE = ZoneInfo("Asia/Shanghai")
MOMENT = r"(\d{4}-\d\d-\d\d \d\d:\d\d)"
EVERYBODY = Actor("a", "a", tuple(Post(role, "u") for role in ("operator", "duty_officer", "dispatcher")))
INPUTS = {"category": "06013", "district": "490102", "unit": "roads"}  # everything that the example's actions ask for


def examples(language: str) -> list[list[str]]:
    """Return the lines of every example of the page in this language."""
    return [block.splitlines() for block in re.findall(rf"^```{language}\n(.*?)^```$", CLOCKS, re.S | re.M)]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def calendar_of(line: str = '{hours: ["08:00-12:00", "14:00-18:00"]}') -> Calendar:
    text, _, until = line.partition(", announced until ")
    found = working_calendar(CalendarText.model_validate(yaml.safe_load(text)), ZONE, 2026)
    return replace(found, announced_until=date.fromisoformat(until)) if until else found


def test_every_example_of_the_page_is_calculated() -> None:
    calculated = [example for language in ("clock", "holders", "case") for example in examples(language)]
    assert calculated and len(calculated) * 2 == CLOCKS.count("```")


@pytest.mark.parametrize("lines", examples("clock"), ids=" / ".join)
def test_a_clock_is_due_as_the_page_says(lines: list[str]) -> None:
    example = ClockExample(iter(lines))
    for line in example.lines:
        example.read(line)
    assert example.claims


class ClockExample:
    """A clock of the page, read line by line: the events of the clock, and the claims about it."""

    def __init__(self, lines: Iterator[str]) -> None:
        first = next(lines)
        own = first.startswith("calendar ")
        self.calendar = calendar_of(first.removeprefix("calendar ")) if own else calendar_of()
        self.former: Calendar | None = None
        self.clock = Clock(Limit.read(next(lines) if own else first))
        self.lines = lines
        self.claims = 0

    def read(self, line: str) -> None:
        for pattern, check in self._forms():
            if match := re.fullmatch(pattern, line):
                check(*match.groups())
                return
        raise AssertionError(f"The page has a line in no known form: {line}")

    def _forms(self) -> list[tuple[str, Callable[..., None]]]:
        return [
            (f"{MOMENT} due(, provisional)?(?:, because (\\w+))?", self._due),
            ("no due moment", self._no_due_moment),
            (f"{MOMENT} (\\d+) %", self._share),
            (r"(\d{4}-\d\d-\d\d) declared (on|off)", self._declared),
            (f"{MOMENT} (\\w+)(?: (\\d+ \\w+))?", self._happened),
        ]

    def _happened(self, at: str, kind: str, limit: str | None) -> None:
        self.clock = self.clock.noted(ClockEventKind(kind), local(at), Limit.read(limit) if limit else None)

    def _declared(self, day: str, kind: str) -> None:
        self.former = self.calendar
        days = {**self.calendar.day_kinds, date.fromisoformat(day): kind == "on"}
        self.calendar = replace(self.calendar, day_kinds=days)

    def _due(self, at: str, provisional: str | None, why: str | None) -> None:
        found = clocks.due(self.clock, self.calendar)
        assert found is not None and (found.at, found.provisional) == (local(at), bool(provisional))
        if why and self.former:
            moved = recalculated(self.clock, self.former, self.calendar)
            assert moved is not None and moved.why == why
        self.claims += 1

    def _no_due_moment(self) -> None:
        assert clocks.due(self.clock, self.calendar) is None
        self.claims += 1

    def _share(self, at: str, percent: str) -> None:
        assert clocks.reached(self.clock, Fraction(int(percent), 100), self.calendar) == local(at)
        self.claims += 1


@pytest.mark.parametrize("lines", examples("holders"), ids=" / ".join)
def test_time_is_charged_to_who_held_the_task_as_the_page_says(lines: list[str]) -> None:
    limit, started, *held, claim = lines
    clock = Clock(Limit.read(limit)).noted(ClockEventKind.STARTED, local(started.removesuffix(" started")))
    holdings = []
    for line in held:
        match = re.fullmatch(rf"{MOMENT}(?: to {MOMENT})? held by (\w+)(, returned)?", line)
        assert match, line
        opened, ended, holder, returned = match.groups()
        holdings.append(Holding(holder, local(opened), local(ended) if ended else None, returned=bool(returned)))
    match = re.fullmatch(rf"{MOMENT} charged: (\w+) (\d+) minutes, returned (\d+) minutes, nobody (\d+) minutes", claim)
    assert match, claim
    now, holder, *minutes = match.groups()
    found = charges(clock, holdings, local(now), calendar_of())
    assert [found.by_holder[holder], found.returned, found.unheld] == [60 * int(number) for number in minutes]


@pytest.mark.parametrize("lines", examples("case"), ids=" / ".join)
def test_a_case_keeps_the_limits_of_its_filing_as_the_page_says(lines: list[str]) -> None:
    procedure = read_procedure(SHIPPED / "city-problem" / "procedure.yaml")
    *steps, claim = lines
    case: CaseState | None = None
    for line in steps:
        match = re.fullmatch(rf"{MOMENT} (\w+); the catalogue gives (\d+ \w+)", line)
        assert match, line
        now, action, terms = local(match[1]), match[2], Terms(calendar_of(), {"handle": Limit.read(match[3])})
        case = case or after(None, begin(procedure, {}, {}, now, terms), "a", now)
        task = case.open_tasks[-1]
        wanted = {need.name for need in procedure.actions[action].needs} & set(INPUTS)
        inputs = {name: INPUTS[name] for name in wanted}
        case = after(case, decide(procedure, case, action, task.no, EVERYBODY, inputs, now, terms), "a", now)
    assert case is not None
    handling = case.open_tasks[-1]
    assert (handling.kind, handling.due_at) == ("handle", local(claim.removesuffix(" due")))


HOW_TO = (DOCS / "how-to" / "write-a-procedure.md").read_text("utf-8")
PIECES = [yaml.load(block, PlainLoader) for block in re.findall(r"^```yaml\n(.*?)^```$", HOW_TO, re.S | re.M)]
STEPS = [piece for piece in PIECES if "procedures" not in piece]
SHOP = Actor("a", "a", (Post("operator", "centre"), Post("handler", "roads")))
JUDGE = Actor("b", "b", (Post("duty_officer", "centre"),))
BEGUN = local("2026-11-23 09:00")


class Story:
    """A case of the how-to, from its beginning."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure, self.terms = procedure, Terms(calendar_of())
        inputs = {"text": "雨伞", "district": "490102", "keeper": "roads"}
        move = begin(procedure, {}, {}, BEGUN, self.terms, inputs=inputs, by=SHOP.posts[0])
        self.case = after(None, move, SHOP.account, BEGUN)

    def act(self, action: str, actor: Actor, **inputs: str) -> None:
        kind = self.procedure.actions[action].on
        task = next(task for task in self.case.open_tasks if task.kind == kind)
        move = decide(self.procedure, self.case, action, task.no, actor, inputs, BEGUN, self.terms)
        self.case = after(self.case, move, actor.account, BEGUN)

    def refused(self, action: str, actor: Actor, **inputs: str) -> None:
        with pytest.raises(Refusal):
            self.act(action, actor, **inputs)

    def events_until(self, later: timedelta) -> list[str]:
        """Run the timers that expire; return the names of their events."""
        events = []
        while move := woken(self.procedure, self.case, BEGUN + later, self.terms):
            self.case = after(self.case, move, "system", BEGUN + later)
            events.append(move.event)
        return events


def after_steps(number: int) -> dict[str, Any]:
    """Return the procedure as it is after so many steps of the how-to."""
    procedure: dict[str, Any] = {}
    for step in STEPS[:number]:
        procedure = joined(procedure, step)
    return procedure


def joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    both = {name: joined(first[name], value) for name, value in second.items() if isinstance(first.get(name), dict)}
    return {**first, **second, **both}


def put(folder: Path, pack: dict[str, Any], **procedures: dict[str, Any]) -> None:
    for name, content in {"pack": pack, **procedures}.items():
        path = folder / f"{name.replace('_', '-')}.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_the_pack_of_the_how_to_can_be_read_after_every_step(tmp_path: Path, number: int) -> None:
    put(tmp_path, PIECES[0], procedure=after_steps(number))
    check_together((*read_all(), Pack.read(tmp_path)))


def test_the_pack_of_the_how_to_has_both_versions_in_the_end(tmp_path: Path) -> None:
    *_, first, second = [after_steps(number) for number in range(1, len(STEPS) + 1)]
    put(tmp_path, {**PIECES[0], **PIECES[-1]}, procedure=second, procedure_1=first)
    assert [procedure.version for procedure in Pack.read(tmp_path).procedures] == [2, 1]


def test_the_slip_that_the_how_to_shows_is_reported_as_it_shows(tmp_path: Path) -> None:
    slip = deepcopy(after_steps(len(STEPS) - 1))
    slip["actions"]["claim"]["requires"][0]["no_open"] = "proof"
    put(tmp_path, PIECES[0], procedure=slip)
    with pytest.raises(Invalid) as error:
        Pack.read(tmp_path)
    assert [f"{fault.field.partition(' ')[2]}: {fault.reason}" in HOW_TO for fault in error.value.faults] == [True]


def test_a_thing_is_claimed_examined_and_given_back_as_the_how_to_says(lost: Story) -> None:
    lost.refused("give_back", SHOP, receipt="王某")
    lost.act("claim", SHOP, claimant="王某")
    lost.refused("claim", SHOP, claimant="李某")
    lost.refused("believe", Actor("a", "a", (Post("duty_officer", "roads"),)))
    lost.act("believe", JUDGE)
    lost.act("give_back", SHOP, receipt="王某")
    assert (lost.case.stage, lost.case.is_open) == ("returned", False)


def test_what_nobody_claims_within_a_year_is_closed_by_itself_as_the_how_to_says(lost: Story) -> None:
    assert lost.events_until(timedelta(days=328)) == []
    assert lost.events_until(timedelta(days=329)) == ["KeepingReminded"]
    assert lost.events_until(timedelta(days=365, seconds=1)) == ["LimitPassed", "NobodyCame"]
    assert (lost.case.stage, lost.case.is_open) == ("unclaimed", False)


@pytest.fixture
def lost(tmp_path: Path) -> Story:
    """A thing that was handed in, by the first version of the procedure."""
    put(tmp_path, PIECES[0], procedure=after_steps(len(STEPS) - 1))
    return Story(Pack.read(tmp_path).procedures[0])
