"""What the tests of screens have in common: signing in, reported cases, and reading a page as a person does."""

import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from cityloop.core.codes.classes import HOME
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry.city.current import forget
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import FACILITIES
from cityloop.registry.organisation.actions import enter_units
from example import NOW, SmallCity
from screens.bringing import Bringing
from screens.counted import exported  # noqa: F401  # a fixture
from screens.past_cases import november, went  # noqa: F401  # fixtures

Report = Callable[..., str]
As = Callable[[str], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


class Page(HTMLParser):
    """The words and the links of a page."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(content.decode())
        self.text = " ".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.words += [attributes[name] or "" for name in ("title", "aria-label", "placeholder") if name in attributes]
        if tag == "a":
            self.links.append(attributes.get("href") or "")

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())


@pytest.fixture
def signed_in(city: SmallCity) -> As:
    """A browser in which the person of that name is signed in."""
    from cityloop.registry.models import Account

    def opened(username: str) -> Client:
        client, account = Client(), Account.objects.get(username=username)
        client.force_login(account)
        session = client.session  # as if the password had just been given again
        session["account_authentication_methods_user"] = str(account.pk)
        session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
        session.save()
        return client

    return opened


@pytest.fixture
def report(city: SmallCity, people: dict) -> Report:
    """Hand in a report from the hotline and return its case's number."""

    def reported(external_id: str = "A1", place: tuple[float, float] = city.inside_north, **more: object) -> str:
        payload = {"channel": "12345", "external_id": external_id, "text": "垃圾堆放", "address": "长江路1号"}
        point = {"lon": place[0], "lat": place[1]}
        content = read({**payload, **point, **more}, settings.CITYLOOP.zone, NOW)
        return receive(content, people["hotline"], NOW).number

    return reported


@pytest.fixture
def number(report: Report) -> str:
    """A case in the north, just reported by somebody with a name and a telephone."""
    return report(reporter={"name": "张三丰", "phone": "13800001234"})


def enter_lamp(**more: object) -> None:
    """Enter the facility 67100101037000001, a street lamp in the north."""
    row = {"code": "67100101037000001", "catalogue": HOME, "category": "01037", "name": "路灯"}
    place = {
        "lon": SmallCity.inside_north[0],
        "lat": SmallCity.inside_north[1],
        "areas": {"district": SmallCity.north},
    }
    apply([TableChange(FACILITIES, [{**row, **place, **more}])], "test", NOW, "FacilitiesSet")


@pytest.fixture
def bringing(city: SmallCity, people: dict, report: Report, monkeypatch: pytest.MonkeyPatch) -> Bringing:
    """Bring cases to where an action waits; two more units handle, so that three may vote."""
    enter_lamp()
    enter_units({"lamps": "路灯管理所", "drains": "排水管理处"}, "test", NOW)
    forget()
    return Bringing(people, city, report, monkeypatch)
