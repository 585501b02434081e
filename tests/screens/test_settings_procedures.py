"""The pages of procedures: everybody with a post may read them, whole, in both languages."""

import re

import pytest
from django.test import Client

from cityloop.core.procedures.procedure import Procedure
from cityloop.core.procedures.transitions import stage_graph
from cityloop.registry.packs.reading import read_all
from cityloop.registry.people import accounts
from example import NOW, PEOPLE, SmallCity
from screens.conftest import As, Page

PROCEDURES = [way for pack in read_all() for way in pack.procedures]
LIST = "/settings/procedures/"

every_procedure = pytest.mark.parametrize("way", PROCEDURES, ids=lambda way: f"{way.name}-{way.version}")


def address(way: Procedure) -> str:
    return f"{LIST}{way.name}/{way.version}/"


def in_english(client: Client) -> Client:
    client.post("/language/", {"language": "en", "next": "/queue/"})
    return client


def without_code(content: bytes) -> bytes:
    return re.sub(rb"<code>.*?</code>", b"", content)


def test_the_list_leads_to_every_version_and_says_with_which_new_cases_begin(signed_in: As) -> None:
    page = Page(signed_in("roads").get(LIST).content)
    assert {address(way) for way in PROCEDURES} <= set(page.links)
    assert page.words.count("按此版本") == len({way.name for way in PROCEDURES})


def test_the_menu_of_the_person_leads_there(signed_in: As) -> None:
    assert LIST in Page(signed_in("roads").get("/queue/").content).links


@every_procedure
def test_a_page_says_every_stage_task_action_and_document(signed_in: As, way: Procedure) -> None:
    content = signed_in("roads").get(address(way)).content.decode()
    table = {"stage": stage_graph(way).tasks, "task": way.tasks, "action": way.actions, "document": way.documents}
    for what, declared in table.items():
        assert set(re.findall(rf'<tr id="{what}-([^"]+)">', content)) == set(declared)
    said = Page(content.encode()).text
    for declared in (*way.tasks.values(), *way.actions.values()):
        assert declared.title["zh"] in said


@every_procedure
def test_every_way_within_a_page_leads_to_something_on_it(signed_in: As, way: Procedure) -> None:
    content = signed_in("roads").get(address(way)).content.decode()
    targets = {link[1:] for link in Page(content.encode()).links if link.startswith("#")}
    ids = re.findall(r'\sid="([^"]+)"', content)
    assert targets - set(ids) == set()
    assert len(ids) == len(set(ids))
    assert {f"stage-{name}" for name in stage_graph(way).tasks} <= targets


@every_procedure
def test_a_chinese_page_has_no_english_and_an_english_one_no_chinese_word_of_ours(
    signed_in: As, way: Procedure
) -> None:
    client = signed_in("roads")
    chinese = Page(without_code(client.get(address(way)).content))
    names = {"English", "Enter", "roads", "CityLoop"}
    in_documents = {name for document in way.documents.values() for line in document.lines for name in words(line)}
    assert set(words(chinese.text)) - names - in_documents == set()
    english = Page(in_english(client).get(address(way)).content)
    assert way.title["en"] in english.words
    assert not re.search(r"[一-鿿]", " ".join(set(english.words) - set(chinese.words)))


def words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]{3,}", text)


@every_procedure
def test_a_page_asks_the_database_little(signed_in: As, way: Procedure, django_assert_max_num_queries: object) -> None:
    client = signed_in("roads")
    client.get(LIST)  # so that this process holds the city in memory
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert client.get(address(way)).status_code == 200


@pytest.mark.parametrize("name", ["city-problem/999", "nothing/1"])
def test_a_procedure_there_is_not_is_told_in_words(signed_in: As, name: str) -> None:
    answer = signed_in("roads").get(f"{LIST}{name}/")
    assert answer.status_code == 404
    assert "没有这个流程" in Page(answer.content).text


def test_who_holds_no_post_is_told_so(signed_in: As, city: SmallCity) -> None:
    accounts.create_account("newcomer", "新来的", None, "test", NOW)
    for where in (LIST, address(PROCEDURES[0])):
        answer = signed_in("newcomer").get(where)
        assert answer.status_code == 403
        assert "没有岗位" in Page(answer.content).text


@pytest.mark.parametrize("username", PEOPLE)
def test_everybody_else_may_read_them(signed_in: As, username: str) -> None:
    assert signed_in(username).get(LIST).status_code == 200
