"""The history of the city's data under Settings: what, by whom, row by row; undone once; too large a change refused."""

import pytest
from django.test import Client

from cityloop.presentation.settings.history import views as change_views
from cityloop.registry.models import ChangeSet, Unit
from cityloop.registry.organisation.actions import enter_units
from example import NOW, SmallCity
from screens.conftest import As


@pytest.fixture
def number(city: SmallCity) -> int:
    """A change of two units: one renamed, one entered."""
    found = enter_units({"roads": "道路养护处", "lamps": "路灯管理所"}, "test", NOW).number
    assert found
    return found


def test_the_list_says_how_many_rows_a_change_made_altered_and_removed(number: int, signed_in: As) -> None:
    lines = signed_in("roads").get("/settings/changes/", {"table": "units"}).context["lines"]
    assert (lines[0].number, lines[0].created, lines[0].changed, lines[0].removed) == (number, 1, 1, 0)
    assert all(line.what == "UnitsSet" for line in lines)


def test_a_change_is_shown_row_by_row_from_what_to_what(number: int, signed_in: As) -> None:
    page = signed_in("roads").get(f"/settings/changes/{number}/").content.decode()
    assert "<del>市政养护处</del>" in page and "<ins>道路养护处</ins>" in page


def test_a_change_is_undone_once_and_the_second_try_says_so(number: int, signed_in: As) -> None:
    administrator: Client = signed_in("administrator")
    assert administrator.post(f"/settings/changes/{number}/undo/").status_code == 302
    assert Unit.objects.get(code="roads").name == "市政养护处"
    assert not Unit.objects.filter(code="lamps").exists()
    again = administrator.post(f"/settings/changes/{number}/undo/")
    assert again.status_code == 409 and "已经撤销过" in again.content.decode()


def test_a_change_of_very_many_rows_is_undone_by_command(
    number: int, signed_in: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_views, "MOST_UNDONE_HERE", 1)
    answer = signed_in("administrator").post(f"/settings/changes/{number}/undo/")
    assert "行数太多" in answer.content.decode() and answer.status_code == 409
    assert ChangeSet.objects.latest("number").number == number


def test_an_unknown_change_is_not_found(city: SmallCity, signed_in: As) -> None:
    assert signed_in("roads").get("/settings/changes/999999/").status_code == 404


def test_whatever_is_in_the_address_is_answered(number: int, signed_in: As) -> None:
    client = signed_in("roads")
    for words in ("before=x", "before=-1", "table=nothing", "before=99999999999999999999"):
        assert client.get(f"/settings/changes/?{words}").status_code == 200
