"""Builds the demo city, by the actions of a real one at moments in the past. Either all of it is built or nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from django.db import connection, transaction

from cityloop.casework import actions as casework
from cityloop.casework import queries
from cityloop.casework.place_learning import learn_from_cases
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
    """Build the demo city in an empty database; return False if it is there already.

    Raise NotPossible if the database contains another city.
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
    entered = facilities.enter(script(), current.current_city(), now - timedelta(weeks=script().weeks))
    play(script(), entered, chance, now, tell)
    learn_from_cases(now)
    return True


def play(script: Script, demo_facilities: DemoFacilities, chance: Random, now: datetime, tell: Tell) -> None:
    """Do the steps of all stories in chronological order."""
    city, actors = current.current_city(), people.actors(script)
    stories = list(Teller(script, city, city.latest(PROCEDURE), chance, now).all())
    agenda = Agenda(script, actors, chance, now)
    numbers: dict[int, str] = {}
    for index, step in _in_order(stories):
        story = stories[index]
        _pass_time(step.at if step else story.at, agenda)
        if step is None:
            report = read(demo_facilities.named(story.content, city), city.calendar.time_zone, story.at)
            numbers[index] = receive(report, actors[story.by], story.at).number
        else:
            act(numbers[index], step.action, actors[step.by], step.inputs, step.at)
    _pass_time(now, agenda)
    tell(f"{len(stories)} cases of the last {script.weeks} weeks")


def _in_order(stories: list[DemoStory]) -> Iterator[tuple[int, StoryStep | None]]:
    """Yield the index of a story with each of its steps, None for its report, in chronological order."""
    moments = [
        (step.at if step else story.at, index, no, step)
        for index, story in enumerate(stories)
        for no, step in enumerate((None, *story.steps))
    ]
    for _, index, _, step in sorted(moments, key=lambda moment: moment[:3]):
        yield index, step


def _pass_time(until: datetime, agenda: Agenda) -> None:
    """Run the timers that expire and the planned steps until that moment, in chronological order."""
    while True:
        woken, planned = queries.next_to_wake(until), agenda.next()
        if planned and planned < until and (woken is None or planned < woken[1]):
            agenda.do_next()
        elif woken:
            casework.wake(woken[0], woken[1] + timedelta(seconds=1))
            agenda.take_orders()
        else:
            return
