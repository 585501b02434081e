"""Building the demo city: by the actions of a real one, at moments that have passed. All of it or nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction

from cityloop.casework import actions as casework
from cityloop.casework import queries
from cityloop.casework.places_taught import learn_from_cases
from cityloop.core.errors import NotPossible
from cityloop.entry.console.opening import Tell
from cityloop.entry.demo import facilities, people
from cityloop.entry.demo.agenda import Agenda, act
from cityloop.entry.demo.facilities import DemoFacilities
from cityloop.entry.demo.script import Script, script
from cityloop.entry.demo.stories import DemoStory, StoryStep, Teller
from cityloop.intake.actions import PROCEDURE, receive
from cityloop.intake.reports import read
from cityloop.registry.city import current
from cityloop.registry.models import Area

BUILDING = 7_226_002  # advisory lock: two commands may find an empty home at once


@transaction.atomic
def build(now: datetime, tell: Tell) -> bool:
    """Build the demo city into an empty database; False when it is there already.

    Raises NotPossible when another city is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BUILDING])
    known = set(Area.objects.values_list("code", flat=True))
    if known:
        if script().districts[0].code not in known:
            raise NotPossible("another-city")
        return False
    tell("building the demo city")
    chance = Random(script().seed)  # noqa: S311  # the same city every time is the point
    people.settle(script(), chance, now)
    current.forget()
    standing = facilities.enter(script(), current.current_city(), now - timedelta(weeks=script().weeks))
    live(script(), standing, chance, now, tell)
    learn_from_cases(now)
    return True


def live(said: Script, standing: DemoFacilities, chance: Random, now: datetime, tell: Tell) -> None:
    """Let every story happen, in the order of time."""
    city, actors = current.current_city(), people.actors(said)
    stories = list(Teller(said, city, city.latest(PROCEDURE), chance, now).all())
    agenda = Agenda(said, actors, chance, now)
    numbers: dict[int, str] = {}
    for which, step in _in_order(stories):
        story = stories[which]
        _pass(step.at if step else story.at, agenda)
        if step is None:
            report = read(standing.named(story.content, city), city.calendar.time_zone, story.at)
            numbers[which] = receive(report, actors[story.by], story.at).number
        else:
            act(numbers[which], step.action, actors[step.by], step.inputs, step.at)
    _pass(now, agenda)
    tell(f"{len(stories)} cases of the last {said.weeks} weeks")


def _in_order(stories: list[DemoStory]) -> Iterator[tuple[int, StoryStep | None]]:
    """Yield each report (None) and each step with the index of its story, by time."""
    moments = [
        (step.at if step else story.at, which, no, step)
        for which, story in enumerate(stories)
        for no, step in enumerate((None, *story.steps))
    ]
    for _, which, _, step in sorted(moments, key=lambda moment: moment[:3]):
        yield which, step


def _pass(until: datetime, agenda: Agenda) -> None:
    """Let everything happen that does by then, in the order of time: timers that run out, and what was planned."""
    while True:
        woken, planned = queries.next_to_wake(until), agenda.next()
        if planned and planned < until and (woken is None or planned < woken[1]):
            agenda.do_next()
        elif woken:
            casework.wake(woken[0], woken[1] + timedelta(seconds=1))
            agenda.take_orders()
        else:
            return
