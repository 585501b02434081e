"""The table of permissions.txt is true, line by line, and no address, action, role or person is missing from it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from cityloop.casework.history import evidence
from cityloop.casework.models import Case
from cityloop.core.procedures.needs import members
from cityloop.core.procedures.procedure import NeedKind, Procedure
from cityloop.evaluation.models import FactEdition
from cityloop.presentation.pages.photos import kept_photos
from cityloop.registry.models import ChangeSet
from cityloop.registry.packs.reading import read_all
from cityloop.registry.people import accounts
from example import NOW, PASSWORD, PEOPLE, SmallCity
from plans import UNITS, Step, answers
from screens.bringing import Bringing, Waiting, kept_photo
from screens.conftest import As

NOBODY = "nobody"
PROCEDURES = {
    f"{procedure.name} {procedure.version}": procedure for pack in read_all() for procedure in pack.procedures
}
NEWEST = {
    procedure.name: procedure for procedure in sorted(PROCEDURES.values(), key=lambda procedure: procedure.version)
}
CASES = {  # where a case of the table stands: where an action waits
    "north": "city-problem.accept",
    "south": "city-problem.accept",
    "roads": "city-problem.report_back",
    "order": "supervision-order.answer_order",
    "whistle": "whistle.report_in",
    "appeal": "score-appeal.support_first",
    "voting": "score-appeal.vote_for",
    "referral": "enforcement-referral.take",
}
SETTINGS: dict[str, dict[str, object]] = {  # what is sent to change the city's data, or one's own
    "/account/password/": {"former": PASSWORD, "password": "another-horse-9", "again": "another-horse-9"},
    "/settings/units/new/": {"code": "new", "name": "新单位", "kind": "company", "handles": "1", "reason": "新设"},
    "/settings/units/of/roads/edit/": {"name": "新名称", "kind": "department", "reason": "更名", "seen": "999999"},
    "/settings/people/new/": {"username": "new", "name": "新人", "role": "handler", "unit": "roads"},
    "/settings/people/of/roads/edit/": {"name": "新姓名"},
    "/settings/people/of/roads/appoint/": {"role": "collector", "unit": "parks"},
    "/settings/people/of/roads/end-post/": {"role": "handler", "unit": "roads"},
    "/settings/rosters/add/": {
        "unit": "roads",
        "role": "handler",
        "person": "roads",
        "day": "2026-11-20",
        "hours": "20:00-08:00",
    },
    "/settings/rosters/remove/": {
        "unit": "roads",
        "role": "handler",
        "account": "roads",
        "starts_at": "2026-11-20T12:00:00+00:00",
    },
    "/settings/duties/set/": {"category": "06010", "unit": "roads", "is_listed": "1", "reason": "新清单"},
    "/settings/duties/remove/": {"category": "", "area": "", "unit": "roads", "reason": "不再负责"},
    "/settings/facilities/67100101037000001/edit/": {"state": "damaged", "reason": "巡查发现", "seen": "999999"},
    "/settings/areas/of/671001/edit/": {"name": "北城区", "reason": "更名", "seen": "99999"},
    "/settings/catalogues/use/": {"name": "GB/T 30428.2-2013", "in_use": "1"},
    "/settings/catalogues/add/": {"major": "06", "name": "占道摆摊"},
    "/settings/catalogues/classes/06010/limits/": {"handle": "2 工作时", "case": "1 工作日"},
    "/settings/catalogues/classes/06010/condition/": {"filing": "垃圾外露", "limit_": "4 work_hour"},
}
MEANT = {"yes", "no", "unseen", "door", "token"}


@dataclass(frozen=True)
class Line:
    """One line of the table: what is tried, and what becomes of it for each person."""

    method: str
    address: str
    procedure: str | None
    action: str | None
    expected: dict[str, str]

    def __str__(self) -> str:
        return " ".join(filter(None, (self.method, self.address, self.procedure, self.action)))

    def tried(self) -> dict[str, str]:
        """Return what is expected of those who try: of those refused an action, a third each day and all each week."""
        if not self.action or os.environ.get("CITYLOOP_TEST_ALL"):
            return self.expected
        return {
            who: met for who, met in self.expected.items() if met == "yes" or not crc32(f"{self} {who}".encode()) % 3
        }


def _blocks() -> Iterator[list[Line]]:
    table = Path(__file__).with_name("permissions.txt").read_text("utf-8")
    head, _, rest = table.partition("\n   ")[2].partition("\n")
    for block in rest.split("\n\n"):
        if found := list(_lines(block, head.split())):
            yield found


def _lines(block: str, people: list[str]) -> Iterator[Line]:
    """Yield the lines of a block; those under a heading are the actions of its procedure."""
    heading: list[str] = []
    for row in filter(None, map(str.split, block.splitlines())):
        if row[-1] not in MEANT:
            heading = row
            continue
        what, met = row[: -len(people)], row[-len(people) :]
        method, address = heading[:2] or what
        procedure, action = (" ".join(heading[3:]), what[0]) if heading else (None, None)
        yield Line(method, address, procedure, action, dict(zip(people, met, strict=True)))


BLOCKS = list(_blocks())
LINES = [line for block in BLOCKS for line in block]


def _when(procedure: str | None) -> tuple[pytest.MarkDecorator, ...]:
    """Return the mark of what is tried weekly: former versions of a procedure, which nobody changes any more."""
    is_former = procedure is not None and PROCEDURES[procedure] not in NEWEST.values()
    return (pytest.mark.weekly,) if is_former else ()


@pytest.mark.parametrize(
    "block", [pytest.param(block, id=str(block[0]), marks=_when(block[0].procedure)) for block in BLOCKS]
)
def test_everybody_meets_what_the_table_says(block: list[Line], bringing: Bringing, signed_in: As) -> None:
    clients = {name: Client() if name == NOBODY else signed_in(name) for name in block[0].expected}
    met = {}
    for line in block:
        with transaction.atomic():
            met[str(line)] = _met(line, bringing, clients)
            transaction.set_rollback(True)
    assert met == {str(line): line.tried() for line in block}


@pytest.mark.parametrize(
    "procedure", [pytest.param(found, id=name, marks=_when(name)) for name, found in PROCEDURES.items()]
)
def test_nobody_does_what_the_system_does_by_itself(procedure: Procedure, bringing: Bringing, signed_in: As) -> None:
    for action in filter(lambda action: action.automatic, procedure.actions.values()):
        waiting = bringing.brought(procedure, action.name, "671001")
        before = Case.objects.get(number=waiting.number).length
        form = {"task": waiting.step.task, "action": action.name}
        met = {name: _outcome(signed_in(name).post(f"/cases/{waiting.number}/act/", form)) for name in PEOPLE}
        assert set(met.values()) <= {"no", "unseen"}, (action.name, met)
        assert met["duty"] == met["leader"] == "no"
        assert Case.objects.get(number=waiting.number).length == before


def test_no_address_is_missing_from_the_table() -> None:
    tabled = {resolve(re.sub(r"\{\w+\}", "1", line.address)).route for line in LINES}
    assert set(_routes(get_resolver())) == tabled


def test_no_operation_of_the_interface_is_missing_from_the_table(client: Client, city: SmallCity) -> None:
    paths = json.loads(client.get("/api/v1/openapi.json").content)["paths"]
    described = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert described <= {(line.method, line.address) for line in LINES}


def test_no_action_of_a_procedure_is_missing_from_the_table() -> None:
    declared = {(name, action.name) for name, procedure in PROCEDURES.items() for action in procedure.actions.values()}
    by_itself = {
        (name, action.name)
        for name, procedure in PROCEDURES.items()
        for action in procedure.actions.values()
        if action.automatic
    }
    assert {(line.procedure, line.action) for line in LINES if line.procedure} == declared - by_itself


def test_no_procedure_is_missing_from_those_that_may_be_begun() -> None:
    tried = {(line.method, line.address) for line in LINES}
    assert {(method, f"/cases/new/{name}/") for method in ("GET", "POST") for name in NEWEST} <= tried
    assert {f"/settings/procedures/{name.replace(' ', '/')}/" for name in PROCEDURES} <= {
        address for _, address in tried
    }


def test_no_person_and_no_role_is_missing_from_the_table() -> None:
    assert all(set(line.expected) == {NOBODY, *PEOPLE} for line in LINES)
    assert {role for role, _, _ in PEOPLE.values()} == {role.name for pack in read_all() for role in pack.roles}


def _met(line: Line, bringing: Bringing, clients: dict[str, Client]) -> dict[str, str]:
    """Return what becomes of a line for each person; what one does is undone before the next one tries."""
    address, waiting = _addressed(line, bringing)
    met = {}
    for username in line.tried():
        with transaction.atomic():
            met[username] = _outcome(_tried(line, address, waiting, clients[username], username))
            transaction.set_rollback(True)
    return met


def _addressed(line: Line, bringing: Bringing) -> tuple[str, Waiting | None]:
    """Return the address of a line, with its case brought to the point that the line is about."""
    waiting: list[Waiting] = []
    if line.address.startswith("/figures/gbt"):
        FactEdition.objects.create(digest="f", name="20261120T020000Z", as_of=NOW, zone="Asia/Shanghai", rows={})

    def put(found: re.Match[str]) -> str:
        if found[0] == "{change}":
            return str(ChangeSet.objects.latest("number").number)
        if found[0] == "{photo}":
            digest = kept_photo()
            evidence.record(Case.objects.get(number=waiting[0].number).pk, 1, {"photos": [digest]})
            return digest
        waiting.append(_brought(found[1], line, bringing))
        return waiting[0].number

    address = re.sub(r"\{(\w+)\}", put, line.address)
    return address, waiting[0] if waiting else None


def _brought(case: str, line: Line, bringing: Bringing) -> Waiting:
    district = bringing.city.south if case.endswith("south") else bringing.city.north
    if case.startswith("waiting"):
        return bringing.brought(PROCEDURES[line.procedure or ""], line.action or "", district)
    return bringing.to(CASES[case.removesuffix("_south")], district)


def _tried(line: Line, address: str, waiting: Waiting | None, client: Client, username: str) -> HttpResponse:
    if line.method == "GET":
        answer = client.get(address)
        if answer.streaming:  # its rows are read while it is sent: before what was done is undone
            list(answer.streaming_content)
        return answer
    if line.address == "/api/v1/reports":
        token = "wrong" if username == NOBODY else accounts.make_token(username, "test", NOW)
        body = json.dumps({"channel": "12345", "external_id": "T", "text": "井盖破损"})
        return client.post(address, body, content_type="application/json", headers={"Authorization": f"Bearer {token}"})
    return client.post(address, _form(line, waiting))


def _form(line: Line, waiting: Waiting | None) -> dict[str, object]:
    if line.address == "/reports/new/":
        return {"text": "井盖破损", "external_id": "T"}
    if line.address.startswith("/cases/new/"):
        return answers(NEWEST[line.address.split("/")[3]].begins.needs, UNITS[:1], "671001")
    if line.procedure and waiting:
        return _action_form(PROCEDURES[line.procedure], waiting.step)
    return {"language": "en", "next": "/queue/", **SETTINGS.get(line.address, {})}


def _action_form(procedure: Procedure, step: Step) -> dict[str, object]:
    fields = {need.name for need in procedure.actions[step.action].needs if need.kind is NeedKind.PHOTOS}
    tokens = {
        name: [kept_photos(digest)[0].token for digest in members(step.answers[name])]
        for name in fields & step.answers.keys()
    }
    return {"task": step.task, "action": step.action, **step.answers, **tokens}


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
