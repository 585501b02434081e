"""Two languages, each whole: no English fragment in a Chinese page and none the other way round."""

import re

import pytest
from django.test import Client

from cityloop.presentation.translations import LOCALE, catalog
from cityloop.registry.city.current import current_city
from example import PEOPLE
from screens.bringing import Bringing
from screens.conftest import As, Page

ADDRESSES = ("/queue/", "/cases/", "/cases/{number}/", "/reports/new/", "/figures/districts/", "/nowhere/")
ACTIONS = (  # where cases of every procedure stand whose pages tell much
    "city-problem.resume",
    "city-problem.close_explained",
    "supervision-order.record_interview",
    "whistle.coordinated",
    "score-appeal.vote_for",
    "enforcement-referral.file_nothing",
)
NAMES = {"English", "Enter", "WGS", "CGCS", "GCJ", "GPS", "SOS"}  # names of things, the same in both languages


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_chinese_page_has_no_english_word(signed_in: As, number: str, address: str) -> None:
    page = Page(signed_in("operator").get(address.format(number=number)).content)
    people = {"operator", "hotline"}  # user names
    assert set(re.findall(r"[A-Za-z]{3,}", page.text)) <= NAMES | people


@pytest.mark.parametrize("action", ACTIONS)
def test_a_chinese_case_of_any_procedure_has_no_english_word(bringing: Bringing, signed_in: As, action: str) -> None:
    page = Page(signed_in("duty").get(f"/cases/{bringing.to(action).number}/").content)
    assert set(re.findall(r"[A-Za-z]{3,}", page.text)) <= NAMES | set(PEOPLE)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_english_case_of_any_procedure_has_no_chinese_word_of_ours(
    bringing: Bringing, signed_in: As, action: str
) -> None:
    client = signed_in("duty")
    client.post("/language/", {"language": "en", "next": "/queue/"})
    page = Page(client.get(f"/cases/{bringing.to(action).number}/").content)
    procedure = current_city().latest(action.partition(".")[0])
    declared = (
        *procedure.stages.values(),
        *procedure.tasks.values(),
        *procedure.actions.values(),
        *procedure.documents.values(),
    )
    ours = {str(message.string) for message in catalog(LOCALE / "zh_Hans/LC_MESSAGES/django.po") if message.id}
    assert set(page.words) & (ours | {part.title["zh"] for part in declared}) == set()
    assert procedure.title["en"] in page.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_english_page_has_no_chinese_word_of_ours(signed_in: As, number: str, address: str) -> None:
    client = signed_in("operator")
    client.post("/language/", {"language": "en", "next": "/queue/"})
    words = set(Page(client.get(address.format(number=number)).content).words)
    ours = {str(message.string) for message in catalog(LOCALE / "zh_Hans/LC_MESSAGES/django.po") if message.id}
    assert words & ours == set()
    assert "Back to the workbench" in words or "Workbench" in words


def test_the_citys_language_is_spoken_until_a_person_chooses(signed_in: As) -> None:
    client = signed_in("operator")
    assert b'lang="zh-hans"' in client.get("/queue/", HTTP_ACCEPT_LANGUAGE="en").content
    client.post("/language/", {"language": "en", "next": "/queue/"})
    assert b'lang="en"' in client.get("/queue/").content


def test_an_unknown_language_is_the_citys(db: None) -> None:
    client = Client()
    client.cookies["django_language"] = "tlh"
    assert b'lang="zh-hans"' in client.get("/sign-in/").content
