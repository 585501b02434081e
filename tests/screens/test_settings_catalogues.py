"""Catalogues under Settings: found by words, pinyin and code; conditions and limits changed by administrators only."""

import pytest
from django.test import Client

from cityloop.core.codes.classes import HOME
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import Catalogue, Category, Change, ChangeSet, Condition
from example import SmallCity
from screens.conftest import As

ADDRESS = "/settings/catalogues/classes/01001/"


@pytest.fixture
def administrator(city: SmallCity, signed_in: As) -> Client:
    return signed_in("administrator")


@pytest.mark.parametrize("words", ["暴露垃圾", "bllj", "baolu", "06010", "垃圾 暴露", "０６０１０"])
def test_a_class_is_found_by_words_pinyin_or_code(administrator: Client, words: str) -> None:
    page = administrator.get("/settings/catalogues/", {"words": words})
    found = [category.reference for category in page.context["classes"]]
    assert found[0] == "06010"
    assert "暴露垃圾" in page.content.decode()


def test_words_that_fit_nothing_teach_what_to_try(administrator: Client) -> None:
    page = administrator.get("/settings/catalogues/", {"words": "没有这样的"}).content.decode()
    assert "没有匹配的类别" in page


def test_a_class_shows_its_conditions_its_limits_and_what_it_was_called_before(administrator: Client) -> None:
    page = administrator.get(ADDRESS).content.decode()
    assert "盖板缺失、移位或开裂，有危险" in page and "2 紧急工作时" in page
    assert "0101 上水井盖" in page


def test_a_limit_is_written_as_offices_spell_it_and_can_be_undone(administrator: Client) -> None:
    posted = {"number": "1", "filing": "盖板缺失", "closing": "复位", "limit_": "3工作时", "limit_B": "1 work_day"}
    answer = administrator.post(f"{ADDRESS}condition/", posted)
    assert answer.status_code == 302
    row = Condition.objects.get(catalogue="GB/T 47678.5-2026", kind="matter", code="01001", number="1")
    assert (row.filing, row.limits) == ("盖板缺失", {"": "3 work_hour", "B": "1 work_day"})
    number = ChangeSet.objects.latest("number").number
    page = administrator.get(f"/settings/changes/{number}/").content.decode()
    assert "盖板缺失、移位或开裂，有危险" in page and "3 工作时" in page
    assert administrator.post(f"/settings/changes/{number}/undo/").status_code == 302
    row.refresh_from_db()
    assert (row.filing, row.limits) == ("盖板缺失、移位或开裂，有危险", {"": "2 urgent_hour"})


@pytest.mark.parametrize("limit", ["", "很快", "4", "4工作时，雨天除外"])
def test_what_is_no_limit_is_refused_beside_the_field_and_nothing_is_changed(administrator: Client, limit: str) -> None:
    before = Change.objects.count()
    answer = administrator.post(f"{ADDRESS}condition/", {"number": "1", "filing": "盖板缺失", "limit_": limit})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "cl-fault" in page and "盖板缺失" in page
    assert Change.objects.count() == before


def test_a_condition_is_added_with_the_next_number_and_removed_again(administrator: Client) -> None:
    administrator.post(f"{ADDRESS}condition/", {"filing": "井盖被盗", "limit_": "1 紧急工作时"})
    added = Condition.objects.filter(kind="matter", code="01001", filing="井盖被盗")
    assert [row.number for row in added] == ["5"]
    forget()
    answer = administrator.post(f"{ADDRESS}condition/", {"number": "5", "remove": "1"})
    assert answer.status_code == 302
    assert not added.all().exists()


def test_a_class_of_the_citys_own_gets_the_next_free_number(administrator: Client) -> None:
    taken = set(Category.objects.filter(code__startswith="06").values_list("code", flat=True))
    administrator.post("/settings/catalogues/add/", {"major": "06", "name": "流浪犬伤人"})
    row = Category.objects.get(name="流浪犬伤人")
    assert row.is_local and row.code not in taken and row.code > "06900"
    forget()
    assert current_city().class_search.find("llqsr")[0] == row.code


def test_a_catalogue_that_is_put_out_of_use_takes_no_new_cases(administrator: Client) -> None:
    administrator.post("/settings/catalogues/use/", {"name": "GB/T 30428.2-2013", "in_use": "1"})
    forget()
    assert "GB/T 30428.2-2013:matter:0110" in current_city().categories
    administrator.post("/settings/catalogues/use/", {"name": "GB/T 30428.2-2013", "in_use": "0"})
    forget()
    assert "GB/T 30428.2-2013:matter:0110" not in current_city().categories
    assert current_city().category_of("GB/T 30428.2-2013:matter:0110") == "06010"
    assert not Catalogue.objects.get(name="GB/T 30428.2-2013").in_use


def test_the_last_catalogue_in_use_cannot_be_put_out_of_use(administrator: Client) -> None:
    use = "/settings/catalogues/use/"
    page = administrator.get("/settings/catalogues/").content.decode()
    assert "唯一在用，不能停用" in page and "确认停用" not in page
    refused = administrator.post(use, {"name": HOME, "in_use": "0"})
    assert refused.status_code == 409 and "这是最后一个在用的目录" in refused.content.decode()
    forget()
    assert current_city().categories and Catalogue.objects.get(name=HOME).in_use


def test_before_a_catalogue_is_put_out_of_use_the_page_says_what_stops(administrator: Client) -> None:
    administrator.post("/settings/catalogues/use/", {"name": "GB/T 30428.2-2013", "in_use": "1"})
    forget()
    page = administrator.get("/settings/catalogues/").content.decode()
    count = sum(category.catalogue == HOME for category in current_city().categories.values())
    assert f"停用后，{count} 个类别不再出现" in page and "确认停用" in page
    assert administrator.post("/settings/catalogues/use/", {"name": HOME, "in_use": "0"}).status_code == 302


def test_everybody_with_a_post_reads_and_only_an_administrator_may_change(city: SmallCity, signed_in: As) -> None:
    assert '<form method="post" action="/settings/' not in signed_in("roads").get(ADDRESS).content.decode()
    assert '<form method="post" action="/settings/' in signed_in("administrator").get(ADDRESS).content.decode()
