"""The table of permissions.txt holds, line by line, and no address, action, role or person is missing from it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from PIL import Image

from cityloop.casework import evidence
from cityloop.casework.actions import act
from cityloop.casework.models import Case
from cityloop.core.procedure import Action, Need
from cityloop.registry import accounts
from cityloop.registry.packs import read_all
from screens.conftest import As, Report
from town import NOW, PEOPLE, Town

NOBODY = "nobody"
ACTIONS = {action.name: action for pack in read_all() for way in pack.procedures for action in way.actions.values()}
STRAIGHT = {  # the action by which a task of that kind comes to be, and who does it
    "accept": None,
    "file": ("accept", "operator"),
    "dispatch": ("file", "duty"),
    "handle": ("dispatch", "dispatcher"),
    "check": ("report_back", "roads"),
    "close": ("pass_check", "collector"),
}


@dataclass(frozen=True)
class Line:
    """One line of the table: what is tried, and what becomes of it for each person."""

    method: str
    address: str
    action: str | None
    expected: dict[str, str]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.address, self.action)))


def _lines() -> Iterator[Line]:
    table = Path(__file__).with_name("permissions.txt").read_text("utf-8")
    head, *rows = [row.split() for row in table.partition("\n   ")[2].splitlines() if row.strip()]
    for row in rows:
        what, answers = row[: -len(head)], row[-len(head) :]
        action = what[2] if len(what) > 2 else None
        yield Line(what[0], what[1], action, dict(zip(head, answers, strict=True)))


LINES = list(_lines())


@pytest.fixture
def addressed(report: Report, people: dict, town: Town) -> Callable[[Line], str]:
    """The address of a line, its case brought to where the line means it."""

    def waiting(kind: str) -> str:
        came = STRAIGHT[kind]
        if came is None:
            return report("W", reporter={"name": "张三丰"})
        number = waiting(ACTIONS[came[0]].on)
        tasks = Case.objects.get(number=number).tasks.count()
        act(number, came[0], tasks, people[came[1]], _answers(ACTIONS[came[0]]), None, NOW)
        return number

    def a_photo() -> str:
        content = BytesIO()
        Image.new("RGB", (9, 9)).save(content, "JPEG")
        digest = evidence.take_in(content.getvalue(), "photos")
        evidence.record(Case.objects.latest("pk").pk, 1, {"photos": [digest]})
        return digest

    def address(line: Line) -> str:
        cases = {
            "{north}": lambda: report("N", reporter={"name": "张三丰"}),
            "{south}": lambda: report("S", town.inside_south, reporter={"name": "张三丰"}),
            "{roads}": lambda: waiting("handle"),
            "{photo}": a_photo,
            "{waiting}": lambda: waiting(ACTIONS[line.action or ""].on),
        }
        return re.sub(r"\{\w+\}", lambda found: cases[found[0]](), line.address)

    return address


@pytest.mark.parametrize("line", LINES, ids=str)
def test_everybody_meets_what_the_table_says(line: Line, addressed: Callable[[Line], str], signed_in: As) -> None:
    address = addressed(line)
    met = {}
    for username in line.expected:
        with transaction.atomic():
            met[username] = _outcome(_tried(line, address, username, signed_in))
            transaction.set_rollback(True)
    assert met == line.expected


def test_no_address_is_missing_from_the_table() -> None:
    tabled = {resolve(re.sub(r"\{\w+\}", "1", line.address)).route for line in LINES}
    assert set(_routes(get_resolver())) == tabled


def test_no_operation_of_the_interface_is_missing_from_the_table(client: Client, town: Town) -> None:
    paths = json.loads(client.get("/api/v1/openapi.json").content)["paths"]
    described = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert described <= {(line.method, line.address) for line in LINES}


def test_no_action_of_a_procedure_is_missing_from_the_table() -> None:
    assert {line.action for line in LINES if line.action} == set(ACTIONS)


def test_no_person_and_no_role_is_missing_from_the_table() -> None:
    assert all(set(line.expected) == {NOBODY, *PEOPLE} for line in LINES)
    assert {role for role, _, _ in PEOPLE.values()} == {role.name for pack in read_all() for role in pack.roles}


def _tried(line: Line, address: str, username: str, signed_in: As) -> HttpResponse:
    client = Client() if username == NOBODY else signed_in(username)
    if line.address == "/api/v1/reports":
        token = "wrong" if username == NOBODY else accounts.make_token(username, "test", NOW)
        body = json.dumps({"channel": "12345", "external_id": "T", "text": "井盖破损"})
        return client.post(address, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"})
    return client.generic(line.method, address) if line.method == "GET" else client.post(address, _form(line, address))


def _form(line: Line, address: str) -> dict[str, str]:
    if line.address == "/reports/new/":
        return {"text": "井盖破损", "external_id": "T"}
    if not line.action:
        return {"language": "en", "next": "/queue/"}
    tasks = Case.objects.get(number=address.split("/")[2]).tasks.count()
    return {"task": str(tasks), "action": line.action, **_answers(ACTIONS[line.action])}


def _answers(action: Action) -> dict[str, str]:
    return {need.name: _answer(need) for need in action.needs}


def _answer(need: Need) -> str:
    fixed = {"category": "06010", "district": "671001", "unit": "roads", "text": "已到现场看过"}
    return need.choices[0][0] if need.kind == "choice" else fixed[need.kind]


def _outcome(answer: HttpResponse) -> str:
    if answer.status_code == 302:
        return "door" if answer["Location"].startswith("/sign-in/?next=") else "yes"
    words = {200: "yes", 201: "yes", 401: "token", 403: "no", 404: "unseen"}
    return words.get(answer.status_code, str(answer.status_code))


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _routes(entry, route)
