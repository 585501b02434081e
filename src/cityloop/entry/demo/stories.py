"""Plans what happens to each report of the demo city, and when: at random within the legal limits. building.py does it.

A story of the past is planned forwards from its report. A story that is in a queue now, with a lamp of a given colour,
is planned backwards from the moment at which its open task must have begun. Timers act without being planned here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random

from cityloop.core.clocks.worktime import YELLOW_SHARE, DueMoment, Lamp, Limit, LimitUnit
from cityloop.core.procedures.procedure import Action, Procedure
from cityloop.entry.demo.script import Script
from cityloop.entry.demo.troubles import Trouble, content, inputs, pick, random_trouble
from cityloop.registry.city.city import City

Path = tuple[str, ...]  # the names of the actions done, in order

HAPPY = ("accept", "file", "dispatch", "report_back", "pass_check", "close")
PATHS: Mapping[Path, int] = {
    HAPPY: 74,
    ("reject",): 6,
    ("accept", "do_not_file"): 3,
    (*HAPPY[:3], "return", "uphold_return", *HAPPY[2:]): 5,
    (*HAPPY[:3], "return", "reject_return", *HAPPY[3:]): 2,
    (*HAPPY[:3], "ask_extension", "grant_extension", *HAPPY[3:]): 6,
    (*HAPPY[:3], "ask_help", "help_given", *HAPPY[3:]): 4,
    (*HAPPY[:3], "propose_explanation", "close_explained"): 2,
    ("send_to_verify", "verified", *HAPPY): 6,
    ("accept", "file", "void"): 1,
    (*HAPPY[:4], "rework", *HAPPY[3:]): 8,
    (*HAPPY[:5], "check_again", *HAPPY[4:]): 2,
}
OPEN: Sequence[
    tuple[Path, Mapping[Lamp, int]]
] = (  # the actions done, and how many cases are there now with which lamp
    ((), {Lamp.GREEN: 5, Lamp.YELLOW: 2, Lamp.RED: 5}),
    (HAPPY[:1], {Lamp.GREEN: 4, Lamp.YELLOW: 2, Lamp.RED: 3}),
    (HAPPY[:2], {Lamp.GREEN: 4, Lamp.YELLOW: 2, Lamp.RED: 2}),
    (("send_to_verify",), {Lamp.GREEN: 2, Lamp.YELLOW: 1}),
    ((*HAPPY[:3], "return"), {Lamp.GREEN: 2, Lamp.RED: 1}),
    ((*HAPPY[:3], "ask_extension"), {Lamp.GREEN: 2, Lamp.YELLOW: 1}),
    ((*HAPPY[:3], "ask_hanging"), {Lamp.GREEN: 1, Lamp.RED: 1}),
    ((*HAPPY[:3], "ask_hanging", "grant_hanging"), {Lamp.GREEN: 3}),
    ((*HAPPY[:3], "ask_help"), {Lamp.GREEN: 2}),
    (HAPPY[:3], {Lamp.GREEN: 12, Lamp.YELLOW: 5, Lamp.RED: 7}),
    ((*HAPPY[:4], "rework"), {Lamp.GREEN: 2, Lamp.RED: 2}),
    (HAPPY[:4], {Lamp.GREEN: 4, Lamp.YELLOW: 2, Lamp.RED: 3}),
    (HAPPY[:5], {Lamp.GREEN: 4, Lamp.YELLOW: 2, Lamp.RED: 2}),
)
CHANNELS = {("12345", "hotline"): 60, ("patrol", "collector"): 28, ("desk", "operator"): 12}
WEEKDAYS = (10, 10, 9, 10, 11, 7, 6)
HOURS = (2, 1, 1, 0, 0, 1, 3, 7, 11, 12, 10, 8, 5, 5, 8, 9, 9, 8, 7, 6, 6, 5, 4, 3)
MOST_BACK = 60  # candidates for the moment at which a queued task began; limits how long a task can be red
EARLY = ("return", "propose_explanation")  # actions that a unit takes early
CARELESS = 0.06  # the share of desk tasks done too late


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One action of a story, on the open task of the kind that the action needs."""

    at: datetime
    action: str
    by: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DemoStory:
    """A report and what has been done about it by now."""

    at: datetime
    by: str
    content: Mapping[str, object]
    steps: tuple[StoryStep, ...]


@dataclass(frozen=True, slots=True)
class Teller:
    """Plans the stories of one city as of one moment."""

    script: Script
    city: City
    procedure: Procedure
    chance: Random
    now: datetime

    def all(self) -> Iterator[DemoStory]:
        """Yield every story: first those that are in a queue now, then the past."""
        queued = [(path, lamp) for path, lamps in OPEN for lamp, count in lamps.items() for _ in range(count)]
        for number in range(self.script.cases):
            trouble = random_trouble(self.script, self.city, self.chance)
            if number < len(queued):
                path, lamp = queued[number]
                moments = self._backwards(path, lamp, trouble)
            else:
                path = pick(self.chance, PATHS)
                moments = self._forwards(path, trouble)
            yield self._story(f"DEMO-{number + 1:04d}", trouble, path, moments)

    def _story(self, external_id: str, trouble: Trouble, path: Path, moments: Sequence[datetime]) -> DemoStory:
        (channel, by), at = pick(self.chance, CHANNELS), moments[0]
        report = content(trouble, channel, at, self.script, self.city, self.chance)
        steps = self._steps(path, moments, trouble, placed="lon" in report)
        by_now = tuple(step for step in steps if step.at <= self.now)
        return DemoStory(at, by, {"channel": channel, "external_id": external_id, **report}, by_now)

    def _steps(self, path: Path, moments: Sequence[datetime], trouble: Trouble, *, placed: bool) -> Iterator[StoryStep]:
        unit = helper = trouble.unit
        for no, name in enumerate(path, start=1):
            if name == "dispatch":
                others = [code for code in self.script.units if code != trouble.unit]
                is_misdirected = path[no : no + 2] == ("return", "uphold_return")
                unit = self.chance.choice(others) if is_misdirected else trouble.unit
            action = self.procedure.actions[name]
            if name == "ask_help":
                helper = self.chance.choice([code for code in self.script.units if code != unit])
            chosen = helper if name in ("ask_help", "help_given") else unit
            filled = inputs(action, trouble, chosen, moments[no], self.script, self.chance)
            if name == "file":
                filled = {**filled, **self._condition(trouble)}
            by = self._username(action, chosen if name != "ask_help" else unit, placed, trouble)
            yield StoryStep(moments[no], name, by, filled)

    def _condition(self, trouble: Trouble) -> dict[str, str]:
        """Return the filing condition: the first with the limit of its class, which the stories are planned by."""
        category = self.city.categories[trouble.problem.code]
        limit = category.limits.get("handle")
        fitting = (number for number, condition in category.conditions.items() if condition.limit("") == limit)
        number = next(fitting, None)
        return {"condition": f"{category.reference} {number}"} if number else {}

    def _username(self, action: Action, unit: str, placed: bool, trouble: Trouble) -> str:
        """Return who does an action. A post for one district does not see a case whose place is not known yet."""
        task = self.procedure.tasks[action.on] if action.on else None
        role = task.role if task else action.role
        fitting = [
            person.username
            for person in self.script.people
            if person.role == role
            and person.area in (None, trouble.district.code if placed else None)
            and (task is None or not task.held_by_unit or person.unit == unit)
        ]
        return self.chance.choice(fitting)

    def _opened_by(self, path: Path) -> str | None:
        """Return the kind of task that is open after these actions; None if the case has ended."""
        opened = self.procedure.actions[path[-1]].opens if path else self.procedure.begins.opens
        return opened[0].kind if opened else None

    def _forwards(self, path: Path, trouble: Trouble) -> list[datetime]:
        """Return the moment of the report, followed by the moment of each action."""
        moments = [self._some_time()]
        for name in path:
            moments.append(self._done_at(name, moments, trouble))
        return moments

    def _backwards(self, path: Path, lamp: Lamp, trouble: Trouble) -> list[datetime]:
        moments = [self._opened_with(lamp, self._opened_by(path) or "", trouble)]
        for name in reversed(path):
            minutes = self.chance.uniform(60, 240) if name == "report_back" else self.chance.uniform(2, 12)
            moments.append(moments[-1] - timedelta(minutes=minutes))
        return moments[::-1]

    def _opened_with(self, wanted: Lamp, kind: str, trouble: Trouble) -> datetime:
        """Return a moment such that a task opened then shows this lamp now."""
        fitting: list[datetime] = []
        back = 60.0  # seconds
        while back < 30 * 86400 and len(fitting) < MOST_BACK:
            opened_at = self.now - timedelta(seconds=back)
            if self._lamp(self._due(kind, opened_at, trouble)) == wanted:
                fitting.append(opened_at)
            elif fitting:
                break
            back += min(
                0.03 * back, 480
            )  # a lamp may be yellow only for tasks opened in a window of minutes, a weekend ago
        return self.chance.choice(fitting)

    def _lamp(self, due: DueMoment) -> Lamp:
        if self.now >= due.at:
            return Lamp.RED
        return Lamp.YELLOW if self.now >= due.reached(YELLOW_SHARE) else Lamp.GREEN

    def _done_at(self, name: str, moments: Sequence[datetime], trouble: Trouble) -> datetime:
        """Return the moment of an action on the task that was opened at the last of the moments."""
        action = self.procedure.actions[name]
        due = self._due(action.on or "close", moments[-1], trouble)
        if action.within:
            due = min(due, self.city.due_after(moments[-1], action.within), key=lambda moment: moment.at)
        if action.keeps or name in EARLY:  # requested while there is time left
            return due.reached(Fraction(self.chance.randint(5, 20), 100))
        if name == "report_back" and self.chance.random() < trouble.district.late:
            filed_at = moments[2]
            rule = self.procedure.case_limit
            whole = self.city.due_after(filed_at, self._limit("case", rule.otherwise, trouble)).at if rule else due.at
            late = max(due.at, whole)
            return self.city.due_after(late, Limit(self.chance.randint(1, 15), LimitUnit.WORK_HOUR)).at
        if name != "report_back" and self.chance.random() < CARELESS:
            return due.at + timedelta(minutes=self.chance.uniform(3, 90))
        return due.reached(Fraction(self.chance.randint(8, 92), 100))

    def _due(self, kind: str, opened_at: datetime, trouble: Trouble) -> DueMoment:
        rule = self.procedure.tasks[kind].limit
        return self.city.due_after(opened_at, self._limit(rule.name, rule.otherwise, trouble))

    def _limit(self, name: str | None, otherwise: Limit, trouble: Trouble) -> Limit:
        return self.city.categories[trouble.problem.code].limits.get(name or "", otherwise)

    def _some_time(self) -> datetime:
        """Return a moment of the last weeks, at a usual hour for reports."""
        midnight = self.now.astimezone(self.city.calendar.time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight - timedelta(days=back) for back in range(1, self.script.weeks * 7)]
        day = self.chance.choices(days, [WEEKDAYS[day.weekday()] for day in days])[0]
        hour = self.chance.choices(range(24), HOURS)[0]
        return day + timedelta(hours=hour, seconds=self.chance.uniform(0, 3600))
