"""The examples of the explanation of clocks are reckoned again, and the procedure of the how-to is read."""

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
INPUTS = {"category": "06013", "district": "490102", "unit": "roads"}  # whatever an action of the example asks for


def examples(language: str) -> list[list[str]]:
    """Return the lines of every example written in a language of the page."""
    return [block.splitlines() for block in re.findall(rf"^```{language}\n(.*?)^```$", CLOCKS, re.S | re.M)]


def local(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=ZONE)


def calendar_of(words: str = '{hours: ["08:00-12:00", "14:00-18:00"]}') -> Calendar:
    text, _, until = words.partition(", announced until ")
    found = working_calendar(CalendarText.model_validate(yaml.safe_load(text)), ZONE, 2026)
    return replace(found, announced_until=date.fromisoformat(until)) if until else found


def test_every_example_of_the_page_is_reckoned() -> None:
    reckoned = [example for language in ("clock", "holders", "case") for example in examples(language)]
    assert reckoned and len(reckoned) * 2 == CLOCKS.count("```")


@pytest.mark.parametrize("lines", examples("clock"), ids=" / ".join)
def test_a_clock_is_due_as_the_page_says(lines: list[str]) -> None:
    reckoning = Reckoning(iter(lines))
    for line in reckoning.lines:
        reckoning.read(line)
    assert reckoning.claims


class Reckoning:
    """A clock of the page, read line by line: what happens to it, and what is claimed of it then."""

    def __init__(self, lines: Iterator[str]) -> None:
        first = next(lines)
        own = first.startswith("calendar ")
        self.calendar = calendar_of(first.removeprefix("calendar ")) if own else calendar_of()
        self.former: Calendar | None = None
        self.clock = Clock(Limit.read(next(lines) if own else first))
        self.lines = lines
        self.claims = 0

    def read(self, line: str) -> None:
        for pattern, meant in self._forms():
            if said := re.fullmatch(pattern, line):
                meant(*said.groups())
                return
        raise AssertionError(f"The page says what nobody understands: {line}")

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
        said = re.fullmatch(rf"{MOMENT}(?: to {MOMENT})? held by (\w+)(, returned)?", line)
        assert said, line
        opened, ended, holder, returned = said.groups()
        holdings.append(Holding(holder, local(opened), local(ended) if ended else None, returned=bool(returned)))
    said = re.fullmatch(rf"{MOMENT} charged: (\w+) (\d+) minutes, returned (\d+) minutes, nobody (\d+) minutes", claim)
    assert said, claim
    now, holder, *minutes = said.groups()
    found = charges(clock, holdings, local(now), calendar_of())
    assert [found.by_holder[holder], found.returned, found.unheld] == [60 * int(each) for each in minutes]


@pytest.mark.parametrize("lines", examples("case"), ids=" / ".join)
def test_a_case_keeps_the_limits_of_its_filing_as_the_page_says(lines: list[str]) -> None:
    way = read_procedure(SHIPPED / "city-problem" / "procedure.yaml")
    *steps, claim = lines
    case: CaseState | None = None
    for line in steps:
        said = re.fullmatch(rf"{MOMENT} (\w+); the catalogue gives (\d+ \w+)", line)
        assert said, line
        now, terms = local(said[1]), Terms(calendar_of(), {"handle": Limit.read(said[3])})
        case = case or after(None, begin(way, {}, {}, now, terms), "a", now)
        task = case.open_tasks[-1]
        wanted = {need.name for need in way.actions[said[2]].needs} & set(INPUTS)
        inputs = {name: INPUTS[name] for name in wanted}
        case = after(case, decide(way, case, said[2], task.no, EVERYBODY, inputs, now, terms), "a", now)
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

    def __init__(self, way: Procedure) -> None:
        self.way, self.terms = way, Terms(calendar_of())
        said = {"text": "雨伞", "district": "490102", "keeper": "roads"}
        move = begin(way, {}, {}, BEGUN, self.terms, inputs=said, by=SHOP.posts[0])
        self.case = after(None, move, SHOP.account, BEGUN)

    def act(self, action: str, actor: Actor, **inputs: str) -> None:
        kind = self.way.actions[action].on
        task = next(one for one in self.case.open_tasks if one.kind == kind)
        move = decide(self.way, self.case, action, task.no, actor, inputs, BEGUN, self.terms)
        self.case = after(self.case, move, actor.account, BEGUN)

    def refused(self, action: str, actor: Actor, **inputs: str) -> None:
        with pytest.raises(Refusal):
            self.act(action, actor, **inputs)

    def events_until(self, later: timedelta) -> list[str]:
        """Let the timers that run out do what they do."""
        events = []
        while move := woken(self.way, self.case, BEGUN + later, self.terms):
            self.case = after(self.case, move, "system", BEGUN + later)
            events.append(move.event)
        return events


def after_steps(number: int) -> dict[str, Any]:
    """Return the procedure as it stands after so many steps of the how-to."""
    found: dict[str, Any] = {}
    for step in STEPS[:number]:
        found = joined(found, step)
    return found


def joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {name: joined(one[name], each) for name, each in other.items() if isinstance(one.get(name), dict)}
    return {**one, **other, **both}


def put(folder: Path, pack: dict[str, Any], **procedures: dict[str, Any]) -> None:
    for name, content in {"pack": pack, **procedures}.items():
        path = folder / f"{name.replace('_', '-')}.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")


@pytest.mark.parametrize("number", range(1, len(STEPS)))
def test_the_pack_of_the_how_to_can_be_read_after_every_step(tmp_path: Path, number: int) -> None:
    put(tmp_path, PIECES[0], procedure=after_steps(number))
    check_together((*read_all(), Pack.read(tmp_path)))


def test_the_second_version_of_the_how_to_stands_beside_the_first(tmp_path: Path) -> None:
    *_, first, second = [after_steps(number) for number in range(1, len(STEPS) + 1)]
    put(tmp_path, {**PIECES[0], **PIECES[-1]}, procedure=second, procedure_1=first)
    assert [way.version for way in Pack.read(tmp_path).procedures] == [2, 1]


def test_the_slip_that_the_how_to_shows_is_told_as_it_says(tmp_path: Path) -> None:
    slip = deepcopy(after_steps(len(STEPS) - 1))
    slip["actions"]["claim"]["requires"][0]["no_open"] = "proof"
    put(tmp_path, PIECES[0], procedure=slip)
    with pytest.raises(Invalid) as refused:
        Pack.read(tmp_path)
    assert [f"{fault.field.partition(' ')[2]}: {fault.reason}" in HOW_TO for fault in refused.value.faults] == [True]


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
    """A thing handed in, by the procedure as it stands before its second version."""
    put(tmp_path, PIECES[0], procedure=after_steps(len(STEPS) - 1))
    return Story(Pack.read(tmp_path).procedures[0])
