"""What `cityloop bench survive` counts: it would notice what is lost, doubled or left without a timer."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from procrastinate.contrib.django.models import ProcrastinateJob

from cityloop.casework.actions import act
from cityloop.entry.bench.intake import CHANNEL
from cityloop.entry.bench.survival import proof
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.runtime import clock
from cityloop.runtime.log import announcer
from example import SmallCity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_jobs() -> Iterator[None]:
    """Remove all jobs before and after: Django does not empty tables of models that it does not manage."""
    ProcrastinateJob.objects.all().delete()
    yield
    ProcrastinateJob.objects.all().delete()


def handed_in(people: dict, external_id: str) -> tuple[str, str]:
    now, content = clock.now(), {"channel": CHANNEL, "external_id": external_id, "text": "井盖缺失"}
    return external_id, receive(read(content, settings.CITYLOOP.zone, now), people["hotline"], now).number


def test_lost_and_doubled_reports_are_counted(city: SmallCity, people: dict) -> None:
    receipts = [handed_in(people, "A1"), handed_in(people, "A2")]
    assert proof.times_kept(receipts) == (0, 0)
    assert proof.times_kept([*receipts, ("A3", "20260101000001")]) == (1, 0)
    assert proof.times_kept([receipts[0], ("A2", receipts[0][1])]) == (1, 1)  # A2 has another number than its receipt
    handed_in(people, "A4")  # nobody has its receipt: as if another report had been stored twice
    assert proof.times_kept(receipts) == (0, 1)


def test_an_action_that_was_not_done_is_counted(city: SmallCity, people: dict) -> None:
    (_, done), (_, undone) = handed_in(people, "A1"), handed_in(people, "A2")
    inputs = {"category": "06013", "district": city.north}
    act(done, "accept", 1, people["operator"], inputs, 1, clock.now())
    assert (proof.not_done_once([done]), proof.not_done_once([done, undone])) == (0, 1)


def test_a_report_is_delivered_when_every_subscriber_has_read_its_event(city: SmallCity, people: dict) -> None:
    announcer.announce_all()
    handed_in(people, "A1")
    first, *others = announcer.subscribers()
    announcer.announce(first)
    assert not proof.is_delivered("A1")
    for name in others:
        announcer.announce(name)
    assert proof.is_delivered("A1")


def test_a_limit_without_a_timer_is_counted(city: SmallCity, people: dict) -> None:
    handed_in(people, "A1")
    assert proof.without_timer() == 1
    announcer.announce_all()
    assert proof.without_timer() == 0
    ProcrastinateJob.objects.all().delete()
    assert proof.without_timer() == 1
