"""Values that nothing can store or count, at every address of the table of permissions: refused, never an error."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from django.http import QueryDict
from django.test import Client
from django.urls import resolve
from django.utils.datastructures import MultiValueDict

from screens.conftest import As
from screens.test_permissions import LINES, SETTINGS

VALUES = ("\0", "9" * 4301, "a/b", "9" * 30, "²", "-1", "nan")
DAILY = ("GET", "administrator", VALUES[1:3])  # NUL is refused for all pages at one place: see test_addresses
WEEKLY = [(method, name, VALUES) for method in ("GET", "POST") for name in ("administrator", "operator", "nobody")]
WHO = [pytest.param(*DAILY), *(pytest.param(*each, marks=pytest.mark.weekly) for each in WEEKLY)]
OTHERS = {"change": "1", "photo": "0" * 64}
ADDRESSES = sorted({(line.method, line.address) for line in LINES if line.procedure is None or "/act/" in line.address})


def one_per_route(method: str) -> list[str]:
    """Return an address of every route of the table with this method."""
    addresses = [address for tabled, address in ADDRESSES if tabled == method]
    return sorted({resolve(re.sub(r"\{\w+\}", "1", address)).route: address for address in addresses}.values())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names that views look for in what is sent."""
    names: set[str] = set()
    for method in ("get", "getlist", "__getitem__", "__contains__"):
        plain = getattr(MultiValueDict, method)

        def recorded(self: Any, name: str, *more: Any, plain: Any = plain) -> Any:
            if isinstance(self, QueryDict):
                names.add(str(name))
            return plain(self, name, *more)

        monkeypatch.setattr(QueryDict, method, recorded)
    return names


@pytest.mark.parametrize(("method", "username", "values"), WHO)
def test_no_value_that_is_sent_ends_in_an_error(
    method: str, username: str, values: Sequence[str], signed_in: As, number: str, asked: set[str]
) -> None:
    client = Client() if username == "nobody" else signed_in(username)
    client.raise_request_exception = False
    broken = [
        (address, name, value[:12])
        for address in one_per_route(method)
        for name, value in _sent(client, method, _put(address, number), asked, values)
        if _status(client, method, _put(address, number), {name: value}) >= 500
    ]
    assert broken == []


@pytest.mark.parametrize(("method", "username", "values"), WHO)
def test_no_value_in_an_address_ends_in_an_error(
    method: str, username: str, values: Sequence[str], signed_in: As, number: str
) -> None:
    client = Client() if username == "nobody" else signed_in(username)
    client.raise_request_exception = False
    broken = [
        changed[:80]
        for address in one_per_route(method)
        for changed in _with_values(_put(address, number), values)
        if _status(client, method, changed, {}) >= 500
    ]
    assert broken == []


def _put(address: str, number: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: OTHERS.get(found[1], number), address)


def _sent(
    client: Client, method: str, address: str, asked: set[str], values: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield every name that is looked for there, with every value."""
    asked.clear()
    _status(client, method, address, {})
    for name in sorted(asked - {"csrfmiddlewaretoken"}):
        for value in values:
            yield name, value


def _with_values(address: str, values: Sequence[str]) -> Iterator[str]:
    """Yield the address with each of its variable parts exchanged for each value."""
    for part in resolve(address).kwargs.values():
        for value in values:
            yield address.replace(f"/{part}", f"/{quote(value, safe='/')}", 1)


def _status(client: Client, method: str, address: str, values: dict[str, str]) -> int:
    """Return what becomes of a request; what it did is undone."""
    with transaction.atomic():
        if method == "GET":
            answer = client.get(f"{address}?{urlencode(values)}" if values else address)
        else:
            answer = client.post(address, {"text": "井盖破损", **SETTINGS.get(address, {}), **values})
        transaction.set_rollback(True)
    return int(answer.status_code)
