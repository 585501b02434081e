"""Cases that have reached a given stage by the actions of people, for tests of figures. No test is here."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings

from cityloop.casework.actions import act
from cityloop.casework.models import Case
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from example import NOW, SmallCity
from snapshot import Snapshot

Went = Callable[..., Case]
DISTRICTS = {"north": (120.05, 671001), "south": (120.25, 671002), "east": (120.45, 671003), "outside": (121.5, 0)}
MONDAY, SAME_DAY, WEEKS_LATER = "2026-11-02 09:00", "2026-11-02 16:00", "2026-11-27 16:00"


def city_time(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=settings.CITYLOOP.zone)


@pytest.fixture
def went(people: dict, city: SmallCity) -> Went:
    """A case reported in a district and then filed, closed, rejected or not filed at the given times."""

    def passed(
        where: str, reported: str = MONDAY, *, filed: str = "", closed: str = "", refused: str = "", unit: str = "roads"
    ) -> Case:
        lon, district = DISTRICTS[where]
        content = {"channel": "12345", "external_id": f"{Case.objects.count()}", "text": "垃圾堆放"}
        report = read({**content, "lon": lon, "lat": 23.05}, settings.CITYLOOP.zone, NOW)
        number = receive(report, people["hotline"], city_time(reported)).number

        def done(action: str, username: str, at: str, **inputs: str) -> None:
            tasks = Case.objects.get(number=number).tasks.count()
            act(number, action, tasks, people[username], inputs, None, city_time(at))

        if refused == "reject":
            done("reject", "operator", reported, reason="duplicate")
        elif filed or refused:
            done("accept", "operator", reported, category="06010", district=str(district))
        if refused == "do_not_file":
            done("do_not_file", "duty", reported, reason="不属于城市管理")
        if filed:
            done("file", "duty", filed)
        if closed:
            done("dispatch", "dispatcher", filed, unit=unit)
            done("report_back", unit, filed, result="已清理")
            done("pass_check", "collector", filed, finding="已清理干净")
            done("close", "duty", closed)
        return Case.objects.get(number=number)

    return passed


@pytest.fixture
def november(went: Went) -> None:
    """North: two closed in time, one late, one open, one rejected, one not filed. South: one in time, one late."""
    _NOVEMBER.enter(lambda: _past_november(went))


def _past_november(went: Went) -> None:
    in_time, late = {"filed": MONDAY, "closed": SAME_DAY}, {"filed": MONDAY, "closed": WEEKS_LATER}
    for how in (in_time, in_time, late, {"filed": MONDAY}, {"refused": "reject"}, {"refused": "do_not_file"}):
        went("north", **how)
    for how in (in_time, {**late, "unit": "parks"}, {"refused": "reject"}):
        went("south", **how)
    went("outside")


_NOVEMBER = Snapshot()
