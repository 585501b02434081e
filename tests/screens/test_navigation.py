"""The rail and the tiles of settings: an entry shows exactly to whom its page opens."""

from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import resolve, reverse

from cityloop.presentation.pages.navigation import declared
from cityloop.presentation.settings.sections import SECTIONS
from cityloop.registry.people import accounts
from example import NOW, PEOPLE, SmallCity
from screens.conftest import As, Page, enter_lamp

ENTRIES = {entry.url_name: reverse(entry.url_name) for entry in declared()}
TILES = {f"settings:{section.url_name}": reverse(f"settings:{section.url_name}") for section in SECTIONS}

ALIKE = 2  # addresses of one view that are followed


def _links(client: Client, url: str) -> set[str]:
    return set(Page(client.get(url).content).links)


def _opens(client: Client, url: str) -> bool:
    return client.get(url).status_code == 200


@pytest.mark.parametrize("name", PEOPLE)
def test_the_rail_has_exactly_the_entries_whose_pages_a_person_may_open(name: str, signed_in: As) -> None:
    client = signed_in(name)
    opened = {url for url in ENTRIES.values() if _opens(client, url)}
    assert _links(client, reverse("workbench:queue")) & set(ENTRIES.values()) == opened


@pytest.mark.parametrize("name", PEOPLE)
def test_settings_has_exactly_the_tiles_whose_pages_a_person_may_open(name: str, signed_in: As) -> None:
    client = signed_in(name)
    opened = {url for url in TILES.values() if _opens(client, url)}
    assert _links(client, reverse("settings:index")) & set(TILES.values()) == opened
    assert _links(client, reverse("settings:units")) & set(TILES.values()) == opened


DAILY = ("operator", "street", "administrator")
WEEKLY = sorted({role: name for name, (role, _, _) in PEOPLE.items() if name not in DAILY}.values())


@pytest.mark.parametrize("name", [*DAILY, *(pytest.param(name, marks=pytest.mark.weekly) for name in WEEKLY)])
def test_every_link_of_every_page_opens(name: str, signed_in: As, number: str) -> None:
    """Follow the links from the workbench; of addresses alike but for a name or a query, two are followed."""
    enter_lamp()
    client, met, waiting = signed_in(name), Counter[str](), [("/queue/", reverse("workbench:queue"))]
    seen, refused = set(), []
    while waiting:
        source, url = waiting.pop()
        view = resolve(urlsplit(url).path).view_name
        if url in seen or met[view] >= ALIKE:
            continue
        seen.add(url)
        met[view] += 1
        answer = client.get(url, follow=True)
        if answer.status_code != 200:
            refused.append((source, url, answer.status_code))
        elif "html" in answer["Content-Type"]:
            here = answer.redirect_chain[-1][0] if answer.redirect_chain else url
            waiting += [(url, urljoin(here, link)) for link in Page(answer.content).links if _is_ours(link)]
    assert refused == []
    assert len(met) > 5


def _is_ours(link: str) -> bool:
    return bool(link) and not link.startswith("#") and not urlsplit(link).scheme


def test_somebody_without_a_post_sees_no_settings(city: SmallCity, signed_in: As) -> None:
    accounts.create_account("newcomer", "新人", None, "test", NOW)
    client = signed_in("newcomer")
    assert not _opens(client, ENTRIES["settings:index"])
    assert ENTRIES["settings:index"] not in _links(client, reverse("workbench:queue"))


def test_every_room_with_pages_declares_its_entries_in_one_order() -> None:
    assert list(ENTRIES) == ["workbench:queue", "workbench:cases", "figures:ranking", "settings:index"]


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("/queue/", "工作台"),
        ("/cases/", "案件"),
        ("/figures/districts/", "考核"),
        ("/settings/units/of/roads/", "设置"),
        ("/reports/new/", None),
    ],
)
def test_the_entry_that_a_page_belongs_to_is_marked(url: str, title: str | None, signed_in: As) -> None:
    entries = signed_in("operator").get(url).context["entries"]
    assert [entry.title for entry in entries if entry.is_current] == ([title] if title else [])
