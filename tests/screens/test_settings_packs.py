"""The pages of packs: everybody with a post reads what each brought; the folder is for the administrator."""

from dataclasses import replace
from pathlib import Path

import pytest
import pytest_django

from cityloop.registry.city.current import forget
from cityloop.registry.models import ChangeSet
from cityloop.registry.packs.actions import take_up
from cityloop.registry.packs.reading import SHIPPED, read_all
from example import NOW
from screens.conftest import As, Page

LIST = "/settings/packs/"
PACK = """name: own
title: {zh: 本市, en: Our own}
requires: [gbt47678-5]
limits: {matter: {"06010": {handle: 1 day, case: 2 day}}}
"""
LAYER = (
    "layers: [{name: toilets, title: {zh: 公厕地图, en: Toilets}, source: facilities, where: {category: ['03001']}}]\n"
)
GRIDS = "grid_kinds: {cleaning_grid: {zh: 保洁网格, en: Cleaning grids}}\n"


@pytest.fixture
def own(tmp_path: Path, settings: pytest_django.Settings, signed_in: As) -> Path:
    """The file of a pack of the city itself, taken up."""
    path = tmp_path / "own" / "pack.yaml"
    path.parent.mkdir()
    path.write_text(PACK + LAYER + GRIDS, encoding="utf-8")
    settings.CITYLOOP = replace(settings.CITYLOOP, packs=str(tmp_path))
    take_up(read_all(str(tmp_path)), "test", NOW)
    forget()  # on_commit does not run in a test's transaction
    return path


def test_the_list_says_what_every_pack_brings_and_leads_to_what_it_changed(signed_in: As) -> None:
    page = Page(signed_in("roads").get(LIST).content)
    assert {f"{LIST}{pack.name}/" for pack in read_all()} <= set(page.links)
    assert "角色 8 · 流程 4" in page.text and "立案条件 416" in page.text
    (number,) = ChangeSet.objects.filter(source="example-city 1").values_list("number", flat=True)
    assert f"/settings/changes/{number}/" in page.links


def test_a_pack_leads_to_its_procedures_its_classes_and_its_catalogues(signed_in: As) -> None:
    links = Page(signed_in("roads").get(f"{LIST}city-problem/").content).links
    assert {f"/settings/procedures/city-problem/{version}/" for version in (1, 2, 3, 4)} <= set(links)
    links = Page(signed_in("roads").get(f"{LIST}example-city/").content).links
    assert "/settings/catalogues/classes/10999/" in links and f"{LIST}gbt47678-5/" in links
    page = Page(signed_in("roads").get(f"{LIST}gbt47678-5/").content)
    assert "共 403 个类别，显示前 60 个" in page.text
    assert "/settings/catalogues/?catalogue=GB/T%2047678.5-2026" in page.links


def test_a_pack_of_the_citys_own_shows_its_layer_and_its_change(signed_in: As, own: Path) -> None:
    page = Page(signed_in("roads").get(f"{LIST}own/").content)
    assert "公厕地图" in page.text and "保洁网格" in page.text and "时限 1" in page.text
    assert "/ogc/collections/toilets" in page.links
    number = ChangeSet.objects.get(source="own 1").number
    assert f"/settings/changes/{number}/" in page.links


def test_an_edit_of_a_pack_in_use_is_reported_and_changes_nothing(signed_in: As, own: Path) -> None:
    assert "其后有改动" not in Page(signed_in("roads").get(LIST).content).text
    own.write_text(PACK + GRIDS, encoding="utf-8")
    page = Page(signed_in("roads").get(f"{LIST}own/").content)
    assert "载入之后文件有改动" in page.text and "公厕地图" in page.text
    assert "其后有改动" in Page(signed_in("roads").get(LIST).content).text


def test_a_pack_whose_folder_was_removed_is_still_shown(
    signed_in: As, own: Path, settings: pytest_django.Settings
) -> None:
    settings.CITYLOOP = replace(settings.CITYLOOP, packs="")
    assert "它的文件夹已不在" in Page(signed_in("roads").get(LIST).content).text
    page = signed_in("roads").get(f"{LIST}own/")
    assert page.status_code == 200 and "它的文件夹已不在" in Page(page.content).text


def test_only_the_administrator_reads_where_the_folder_is(signed_in: As) -> None:
    shown = {
        name: str(SHIPPED) in signed_in(name).get(f"{LIST}whistle/").content.decode()
        for name in ("roads", "administrator")
    }
    assert shown == {"roads": False, "administrator": True}


def test_an_unknown_pack_is_not_found(signed_in: As) -> None:
    answer = signed_in("roads").get(f"{LIST}nothing/")
    assert answer.status_code == 404 and "没有这个业务包" in answer.content.decode()


def test_the_pages_are_whole_in_english(signed_in: As) -> None:
    client = signed_in("roads")
    client.post("/language/", {"language": "en", "next": "/queue/"})
    page = Page(client.get(f"{LIST}whistle/").content)
    assert "Whistles" in page.text and "every case of the post's area" in page.text and "What it changed" in page.text
