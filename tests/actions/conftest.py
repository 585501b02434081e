"""Fixtures of the casework tests: a case, and the main path through its procedure."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings

from cityloop.casework.actions import act
from cityloop.casework.models import Case
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from example import NOW, SmallCity

Do = Callable[..., Case]

MAIN_PATH = (
    ("accept", "operator", {"category": "06010", "district": "671001"}),
    ("file", "duty", {}),
    ("dispatch", "dispatcher", {"unit": "roads", "note": "请尽快处置"}),
    ("report_back", "roads", {"result": "已清理"}),
    ("pass_check", "collector", {"finding": "现场已清理干净"}),
    ("close", "duty", {}),
)


@pytest.fixture
def number(city: SmallCity, people: dict) -> str:
    """Return the number of a case that was just reported in the north."""
    lon, lat = city.inside_north
    content = {
        "channel": "12345",
        "external_id": "A1",
        "text": "垃圾堆放",
        "lon": lon,
        "lat": lat,
        "address": "长江路1号",
    }
    report = read({**content, "reporter": {"name": "张三丰", "phone": "13800001234"}}, settings.CITYLOOP.zone, NOW)
    return receive(report, people["hotline"], NOW).number


@pytest.fixture
def do(number: str, people: dict) -> Do:
    """Return a function that does an action on the case's last task and returns the case."""

    def act_on_last_task(action: str, username: str, at: datetime = NOW, **inputs: str) -> Case:
        task = Case.objects.get(number=number).tasks.count()
        act(number, action, task, people[username], inputs, None, at)
        return Case.objects.get(number=number)

    return act_on_last_task


@pytest.fixture
def go(do: Do) -> Callable[[str], Case]:
    """Return a function that follows the main path up to and including an action."""

    def until_action(until: str) -> Case:
        for action, username, inputs in MAIN_PATH:
            case = do(action, username, **inputs)
            if action == until:
                return case
        raise ValueError(until)

    return until_action
