"""Fixtures and helpers of the procedure scenarios: the people who work on cases, whatever the procedure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.conf import settings

from cityloop.casework import actions, verification
from cityloop.casework.handlers import notify_linked_cases
from cityloop.casework.models import Case, Task
from cityloop.core.actors import Actor, Post
from cityloop.core.procedures.procedure import Procedure
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.organisation.actions import enter_units
from cityloop.runtime.models import Event
from example import NOW, SmallCity
from screens.conftest import exported, november, signed_in, went  # noqa: F401  # fixtures

TO_THE_UNIT = (  # the actions by which a problem comes to be handled, and then closed
    ("accept", "operator", {"category": "06013", "district": "671001"}),
    ("file", "duty", {}),
    ("dispatch", "dispatcher", {"unit": "roads"}),
)
TO_THE_END = (
    ("report_back", "roads", {"result": "已修补"}),
    ("pass_check", "collector", {"finding": "现场平整"}),
    ("close", "duty", {}),
)


@dataclass(frozen=True)
class Desks:
    """The people of the city, by username, and what they do on cases."""

    people: dict[str, Actor]
    place: tuple[float, float]

    def begin(self, procedure: str, username: str, at: datetime = NOW, **inputs: str) -> str:
        """Begin a case by hand and return its number."""
        return actions.begin_case(procedure, self.people[username], inputs, f"{procedure} {inputs}", at)

    def problem(self, *, closed: bool = False, began: datetime = NOW) -> str:
        """Return the number of a city problem that the unit roads handles since `began`, or handled by now."""
        number = self._reported(began, external_id="S", text="路面塌陷", address="长江路1号")
        for action, username, inputs in TO_THE_UNIT:
            self.act(number, action, username, at=began, **inputs)
        for action, username, inputs in TO_THE_END if closed else ():
            self.act(number, action, username, **inputs)
        return number

    def late_problem(self) -> str:
        """Return the number of a city problem that the unit roads handled after its limit, and that is closed."""
        return self.problem(closed=True, began=NOW - timedelta(days=14))

    def problem_accepted(self, category: str) -> str:
        """Return the number of a city problem of a class that waits to be filed."""
        number = self._reported(NOW, external_id=f"A{Case.objects.count()}", text="井盖坏了")
        self.act(number, "accept", "operator", category=category, district="671001")
        return number

    def act(self, number: str, action: str, username: str, at: datetime = NOW, **inputs: str) -> Case:
        """Do an action on the open task that it is for, that of the person's own unit if there are several."""
        actions.act(number, action, self._task(number, action, username), self.people[username], inputs, None, at)
        return Case.objects.get(number=number)

    def _reported(self, at: datetime, **fields: str) -> str:
        place = {"lon": self.place[0], "lat": self.place[1]}
        report = read({"channel": "12345", **fields, **place}, settings.CITYLOOP.zone, at)
        return receive(report, self.people["hotline"], at).number

    def _task(self, number: str, action: str, username: str) -> int:
        row = Case.objects.get(number=number)
        declared = procedure_of(row).actions[action]
        if declared.on is None:
            return 0
        tasks = row.tasks.filter(kind=declared.on, done_at=None)
        own = tasks.filter(unit__in=[post.unit for post in self.people[username].posts])
        return (own.first() or tasks.first() or row.tasks.filter(kind=declared.on).last()).no


def procedure_of(row: Case) -> Procedure:
    """Return the procedure that a case follows."""
    return current_city().procedures[row.procedure, row.version]


def waiting(number: str) -> set[tuple[str, str | None]]:
    """Return the open tasks of a case: kind, and the unit that holds it."""
    return set(Task.objects.filter(case__number=number, done_at=None).values_list("kind", "unit"))


def due(number: str, kind: str, unit: str | None = None) -> datetime:
    """Return when the open task of that kind is due."""
    found = Task.objects.filter(case__number=number, done_at=None, kind=kind)
    return (found.filter(unit=unit) if unit else found).get().due_at


def events(number: str) -> list[str]:
    """Return the names of the events of a case, the first one first."""
    stream = f"case/{Case.objects.get(number=number).pk}"
    return list(Event.objects.filter(stream=stream).order_by("seq").values_list("name", flat=True))


def wake(number: str, at: datetime) -> list[str]:
    """Make the moves of the timers that have expired by then; return the events they cause."""
    before = len(events(number))
    actions.wake(Case.objects.get(number=number).pk, at)
    return events(number)[before:]


def linked(number: str) -> tuple[str, str, str, str | None]:
    """Return the one case linked with a case: relation, number, procedure, and the stage it was closed in."""
    (link,) = Case.objects.get(number=number).links
    return tuple(link)


def notify_linked() -> None:
    """Notify the linked cases of everything that has happened."""
    notify_linked_cases(list(Event.objects.order_by("id")))


@pytest.fixture
def desks(city: SmallCity, people: dict[str, Actor]) -> Desks:
    """The people of the small city, and two more units that handle cases, each with one person."""
    enter_units({"lamps": "路灯管理所", "drains": "排水管理处"}, "test", NOW)
    forget()
    more = {unit: Actor(f"account/{unit}", unit, (Post("handler", unit),)) for unit in ("lamps", "drains")}
    return Desks({**people, **more}, city.inside_north)


@pytest.fixture
def sound(city: SmallCity) -> Iterator[None]:
    """After a test, every case is what its history says."""
    yield
    assert list(verification.findings()) == []
