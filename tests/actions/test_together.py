"""Several people, or several copies of the same report, at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from cityloop.casework import verification
from cityloop.casework.actions import act
from cityloop.casework.models import Case
from cityloop.core.errors import Refusal
from cityloop.intake.actions import receive, receive_many
from cityloop.intake.reports import read
from cityloop.runtime.models import Event
from example import NOW, SmallCity

pytestmark = [pytest.mark.server, pytest.mark.django_db(transaction=True)]


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Call everything at the same moment; return the results, or the refusals in their place."""
    starting = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        starting.wait()
        try:
            results[place] = call()
        except Refusal as refused:
            results[place] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def a_report(external_id: str, text: str = "垃圾堆放") -> Any:
    content = {"channel": "12345", "external_id": external_id, "text": text, "lon": 120.05, "lat": 23.05}
    return read(content, settings.CITYLOOP.zone, NOW)


def test_of_two_people_who_accept_at_once_one_succeeds_and_one_is_refused(city: SmallCity, people: dict) -> None:
    number = receive(a_report("A1"), people["hotline"], NOW).number
    answers = {"category": "06010", "district": "671001"}
    outcomes = at_once(
        *[
            lambda name=name: act(number, "accept", 1, people[name], answers, 1, NOW)
            for name in ("operator", "north_operator")
        ]
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
    assert len(refused) == 1 and refused[0].sentence
    case = Case.objects.get(number=number)
    assert case.length == 2 and case.tasks.count() == 2
    assert list(verification.findings()) == []


def test_a_report_sent_many_times_at_once_is_one_case(city: SmallCity, people: dict) -> None:
    outcomes = at_once(*[lambda: receive(a_report("A1"), people["hotline"], NOW) for _ in range(8)])
    assert len({outcome.number for outcome in outcomes}) == 1
    assert [outcome.created for outcome in outcomes].count(True) == 1
    assert Case.objects.count() == 1 and Event.objects.filter(stream__startswith="case/").count() == 1


def test_two_imports_of_the_same_reports_in_opposite_order_do_not_deadlock(city: SmallCity, people: dict) -> None:
    reports = [a_report(f"A{number}") for number in range(200)]
    both = at_once(
        lambda: receive_many(reports, people["hotline"], NOW),
        lambda: receive_many(reports[::-1], people["hotline"], NOW),
    )
    assert Case.objects.count() == 200
    assert sum(receipt.created for outcome in both for receipt in outcome) == 200


def test_other_content_at_once_is_a_conflict_for_all_but_one(city: SmallCity, people: dict) -> None:
    outcomes = at_once(*[lambda n=n: receive(a_report("A1", f"内容{n}"), people["hotline"], NOW) for n in range(4)])
    assert sum(isinstance(outcome, Refusal) for outcome in outcomes) == 3
    assert Case.objects.count() == 1
