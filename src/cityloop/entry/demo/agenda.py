"""What happens in the demo city besides its reports: supervision orders are answered, whistles are blown and answered.

Each step happens at its moment between the stories. The people of the script determine who does it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush
from random import Random

from cityloop.casework import actions as casework
from cityloop.casework.models import Case, Task
from cityloop.core.actors import Actor
from cityloop.entry.demo.script import Script
from cityloop.registry.city.current import current_city

ORDER, WHISTLE = "supervision-order", "whistle"
ANSWERED = 0.97  # the share of orders that are answered
HOUR = timedelta(hours=1)
WHISTLES: tuple[tuple[float, tuple[str, ...], str, int], ...] = (  # days ago, units, text, number of steps done
    (16.2, ("roads", "drainage"), "桥头路段雨后积水，请市政和排水一并处置。", 4),
    (6.9, ("sanitation", "bureau-binhe"), "早市散场后垃圾堆积、占道经营，请联合整治。", 3),
    (1.1, ("parks", "lamps", "roads"), "古树旁路灯倾斜、路面隆起，请三家单位到场会商。", 1),
    (0.05, ("traffic", "bureau-binhe"), "学校门口共享单车堆积、家长车辆占道。", 0),
)


class Agenda:
    """The planned steps, by moment."""

    def __init__(self, script: Script, actors: Mapping[str, Actor], chance: Random, now: datetime) -> None:
        self._script, self._actors, self._chance, self._now = script, actors, chance, now
        self._planned: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count, self._last_order = 0, 0
        for days, units, text, steps in WHISTLES:
            self._plan(now - timedelta(days=days), self._blowing(units, text, steps))

    def next(self) -> datetime | None:
        """Return the moment of the next step; None if there is none."""
        return self._planned[0][0] if self._planned else None

    def do_next(self) -> None:
        """Do the next step."""
        moment, _, step = heappop(self._planned)
        step(moment)

    def take_orders(self) -> None:
        """Plan the answers to the orders given since the last call."""
        new = Case.objects.filter(procedure=ORDER, pk__gt=self._last_order).order_by("pk")
        for case in new:
            self._last_order = case.pk
            if self._chance.random() < ANSWERED:
                self._follow(case.number, case.units[0], case.opened_at)

    def _follow(self, number: str, unit: str, given_at: datetime) -> None:
        answered_at = given_at + self._chance.uniform(2, 30) * HOUR
        steps: tuple[tuple[datetime, str, str, Mapping[str, str]], ...] = (
            (answered_at, "answer_order", self._member_of(unit), {"result": "已安排专人限期处置，说明材料已上传。"}),
            (answered_at + HOUR, "pass_answer", "duty", {"finding": "情况属实。"}),
            (answered_at + 3 * HOUR, "strike_off", "leader", {}),
        )
        for at, action, username, inputs in steps:
            self._plan(at, self._acting(number, action, username, inputs))

    def _blowing(self, units: tuple[str, ...], text: str, steps: int) -> Callable[[datetime], None]:
        def blow(at: datetime) -> None:
            street = next(person for person in self._script.people if person.role == "street_officer")
            inputs = {"text": text, "district": street.area or "", "units": " ".join(units)}
            number = casework.begin_case(WHISTLE, self._actors[street.username], inputs, f"{WHISTLE} {at}", at)
            for unit in units if steps > 0 else ():
                username = self._member_of(unit)
                self._plan(at + HOUR, self._acting(number, "report_in", username, {"note": "负责人到场。"}))
                if steps > 2:
                    self._plan(
                        at + 20 * HOUR, self._acting(number, "treated", username, {"result": "现场已处置完毕。"})
                    )
            if steps > 3:
                self._plan(at + 44 * HOUR, self._acting(number, "satisfied", street.username, {"note": "群众满意。"}))

        return blow

    def _acting(self, number: str, action: str, username: str, inputs: Mapping[str, str]) -> Callable[[datetime], None]:
        def do(at: datetime) -> None:
            act(number, action, self._actors[username], inputs, at)

        return do

    def _member_of(self, unit: str) -> str:
        return next(person.username for person in self._script.people if person.unit == unit)

    def _plan(self, at: datetime, step: Callable[[datetime], None]) -> None:
        if at < self._now:
            self._count += 1
            heappush(self._planned, (at, self._count, step))


def act(number: str, action: str, actor: Actor, inputs: Mapping[str, str], at: datetime) -> None:
    """Do an action on the open task that it is for; if units have such tasks, on that of the actor's own unit."""
    open_tasks = Task.objects.filter(case__number=number, done_at=None).order_by("-no")
    columns = ("no", "kind", "unit", "case__procedure", "case__version")
    tasks = [
        (no, unit)
        for no, kind, unit, procedure, version in open_tasks.values_list(*columns)
        if kind == _on(procedure, version, action)
    ]
    own = {post.unit for post in actor.posts}
    no = next((no for no, unit in tasks if unit in own), tasks[0][0] if tasks else 0)
    casework.act(number, action, no, actor, inputs, None, at)


def _on(procedure: str, version: int, action: str) -> str | None:
    return current_city().procedures[procedure, version].actions[action].on
