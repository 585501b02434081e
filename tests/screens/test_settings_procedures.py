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

PROCEDURES = [procedure for pack in read_all() for procedure in pack.procedures]
LIST = "/settings/procedures/"

every_procedure = pytest.mark.parametrize(
    "procedure", PROCEDURES, ids=lambda procedure: f"{procedure.name}-{procedure.version}"
)


def address(procedure: Procedure) -> str:
    return f"{LIST}{procedure.name}/{procedure.version}/"


def in_english(client: Client) -> Client:
    client.post("/language/", {"language": "en", "next": "/queue/"})
    return client


def without_code(content: bytes) -> bytes:
    return re.sub(rb"<code>.*?</code>", b"", content)


def test_the_list_leads_to_every_version_and_says_with_which_new_cases_begin(signed_in: As) -> None:
    page = Page(signed_in("roads").get(LIST).content)
    assert {address(procedure) for procedure in PROCEDURES} <= set(page.links)
    assert page.words.count("按此版本") == len({procedure.name for procedure in PROCEDURES})


def test_the_menu_of_the_person_leads_there(signed_in: As) -> None:
    assert LIST in Page(signed_in("roads").get("/queue/").content).links


@every_procedure
def test_a_page_shows_every_stage_task_action_and_document(signed_in: As, procedure: Procedure) -> None:
    content = signed_in("roads").get(address(procedure)).content.decode()
    table = {
        "stage": stage_graph(procedure).tasks,
        "task": procedure.tasks,
        "action": procedure.actions,
        "document": procedure.documents,
    }
    for what, declared in table.items():
        assert set(re.findall(rf'<tr id="{what}-([^"]+)">', content)) == set(declared)
    text = Page(content.encode()).text
    for declared in (*procedure.tasks.values(), *procedure.actions.values()):
        assert declared.title["zh"] in text


@every_procedure
def test_every_way_within_a_page_leads_to_something_on_it(signed_in: As, procedure: Procedure) -> None:
    content = signed_in("roads").get(address(procedure)).content.decode()
    targets = {link[1:] for link in Page(content.encode()).links if link.startswith("#")}
    ids = re.findall(r'\sid="([^"]+)"', content)
    assert targets - set(ids) == set()
    assert len(ids) == len(set(ids))
    assert {f"stage-{name}" for name in stage_graph(procedure).tasks} <= targets


@every_procedure
def test_a_chinese_page_has_no_english_and_an_english_one_no_chinese_word_of_ours(
    signed_in: As, procedure: Procedure
) -> None:
    client = signed_in("roads")
    chinese = Page(without_code(client.get(address(procedure)).content))
    names = {"English", "Enter", "roads", "CityLoop"}
    in_documents = {
        name for document in procedure.documents.values() for line in document.lines for name in words(line)
    }
    assert set(words(chinese.text)) - names - in_documents == set()
    english = Page(in_english(client).get(address(procedure)).content)
    assert procedure.title["en"] in english.words
    assert not re.search(r"[一-鿿]", " ".join(set(english.words) - set(chinese.words)))


def words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z]{3,}", text)


@every_procedure
def test_a_page_asks_the_database_little(
    signed_in: As, procedure: Procedure, django_assert_max_num_queries: object
) -> None:
    client = signed_in("roads")
    client.get(LIST)  # so that this process holds the city in memory
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert client.get(address(procedure)).status_code == 200


@pytest.mark.parametrize("name", ["city-problem/999", "nothing/1"])
def test_an_unknown_procedure_is_refused_in_words(signed_in: As, name: str) -> None:
    answer = signed_in("roads").get(f"{LIST}{name}/")
    assert answer.status_code == 404
    assert "没有这个流程" in Page(answer.content).text


def test_whoever_has_no_post_is_refused_in_words(signed_in: As, city: SmallCity) -> None:
    accounts.create_account("newcomer", "新来的", None, "test", NOW)
    for where in (LIST, address(PROCEDURES[0])):
        answer = signed_in("newcomer").get(where)
        assert answer.status_code == 403
        assert "没有岗位" in Page(answer.content).text


@pytest.mark.parametrize("username", PEOPLE)
def test_everybody_else_may_read_them(signed_in: As, username: str) -> None:
    assert signed_in(username).get(LIST).status_code == 200
