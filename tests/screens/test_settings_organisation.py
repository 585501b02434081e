"""The pages of units, people, rosters and responsibility: read by everybody with a post, changed by administrators."""

import re

import pytest
from django.test import Client

from cityloop.registry.city.current import current_city, forget
from cityloop.registry.models import Account, Appointment, ChangeSet, Duty, Roster, Unit
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.people import accounts
from cityloop.runtime import clock
from cityloop.runtime.models import Event
from example import NOW, SmallCity
from screens.conftest import As, Page, Report


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def administrator(signed_in: As) -> Client:
    return signed_in("administrator")


def page(client: Client, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return Page(answer.content)


def sent(client: Client, address: str, **given: str) -> int:
    status = client.post(address, given).status_code
    forget()
    return status


UNIT = {
    "name": "市政设施养护处",
    "kind": "department",
    "handles": "1",
    "is_active": "1",
    "reason": "更名",
    "seen": "9999",
}


def test_units_stand_as_a_tree_and_are_found_by_a_part_of_the_name(signed_in: As) -> None:
    organisation.set_units([{"code": "crew", "name": "一队", "parent": "roads"}], "test", NOW)
    shown = page(signed_in("operator"), "/settings/units/")
    assert shown.words.index("市政养护处") + 1 < shown.words.index("一队")
    assert "新增单位" not in shown.text
    found = page(signed_in("operator"), "/settings/units/?words=一队")
    assert "一队" in found.words and "市政养护处" not in found.words


def test_a_units_page_tells_its_people_duties_shifts_and_open_cases(
    signed_in: As, report: Report, people: dict
) -> None:
    shift = organisation.shift("roads", "handler", "roads2", NOW, NOW.replace(hour=12), "")
    organisation.set_shifts([shift], "test", NOW)
    shown = page(signed_in("leader"), "/settings/units/of/roads/")
    assert all(
        words in shown.text for words in ("roads先生", "roads2先生", "所有类别", "10:00–20:00", "当班", "未办结案件")
    )
    assert "roads" not in [link.split("/")[-2] for link in shown.links if "/people/of/" in link]


def test_an_administrator_changes_a_unit_with_a_reason_that_its_history_shows(administrator: Client) -> None:
    assert (
        sent(administrator, "/settings/units/of/roads/edit/", **UNIT, aliases="养护处，市政处", telephone="12012345678")
        == 302
    )
    unit = Unit.objects.get(code="roads")
    assert (unit.name, unit.aliases, unit.telephone, unit.handles) == (
        "市政设施养护处",
        ["养护处", "市政处"],
        "12012345678",
        True,
    )
    shown = page(administrator, "/settings/units/of/roads/")
    assert "市政养护处" in shown.words and "市政设施养护处" in shown.words
    number = ChangeSet.objects.get(source="更名").number
    assert administrator.post(f"/settings/changes/{number}/undo/").status_code == 302
    assert Unit.objects.get(code="roads").name == "市政养护处"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"reason": ""}, "必填"),
        ({"parent": "crew"}, "成环"),
        ({"credit_code": "91350100M000100Y44"}, "不是有效的统一社会信用代码"),
        ({"kind": "planet"}, "不在可选项之内"),
        ({"is_active": "maybe"}, "选"),
        ({"name": "名" * 300}, "200"),
    ],
)
def test_an_invalid_change_of_a_unit_is_refused_at_its_field(
    administrator: Client, given: dict[str, str], expected: str
) -> None:
    organisation.set_units([{"code": "crew", "name": "一队", "parent": "roads"}], "test", NOW)
    forget()
    answer = administrator.post("/settings/units/of/roads/edit/", {**UNIT, **given})
    assert answer.status_code == 422
    assert expected in Page(answer.content).text
    assert Unit.objects.get(code="roads").name == "市政养护处"


def test_a_unit_that_somebody_else_changed_meanwhile_is_not_overwritten(administrator: Client) -> None:
    assert sent(administrator, "/settings/units/of/roads/edit/", **{**UNIT, "seen": "0"}) == 409
    assert Unit.objects.get(code="roads").name == "市政养护处"


def test_a_closed_unit_shows_who_still_has_a_post_there_and_is_offered_no_more(administrator: Client) -> None:
    assert sent(administrator, "/settings/units/of/roads/edit/", **{**UNIT, "is_active": "0"}) == 302
    shown = page(administrator, "/settings/units/of/roads/")
    assert "该单位已停用。仍在此任职的岗位 2 个" in shown.text
    assert not current_city().units["roads"].handles


def test_a_new_unit_is_entered_once(administrator: Client) -> None:
    given = {**UNIT, "code": "signs", "parent": "roads"}
    assert sent(administrator, "/settings/units/new/", **given) == 302
    assert Unit.objects.get(code="signs").parent == Unit.objects.get(code="roads")
    assert sent(administrator, "/settings/units/new/", **given) == 409
    assert sent(administrator, "/settings/units/new/", **{**given, "code": "a b"}) == 422


def test_people_are_listed_with_their_posts_and_masked_telephones(administrator: Client) -> None:
    accounts.create_account("new", "新人", None, "test", NOW, phone="12012345678")
    shown = page(administrator, "/settings/people/?words=新人")
    assert "120****5678" in shown.words and "12012345678" not in shown.text
    assert "roads" not in shown.words
    clear = Page(administrator.post("/settings/people/of/new/phone/").content)
    assert "12012345678" in clear.text
    assert Event.objects.filter(name="TelephoneShown").count() == 1


def test_a_new_person_gets_a_link_that_is_shown_once(administrator: Client) -> None:
    given = {"username": "new", "name": "新人", "phone": "12012345678", "role": "handler", "unit": "roads"}
    answer = administrator.post("/settings/people/new/", given)
    link = re.search(r"http://testserver(/sign-in/first/[^<]+)", answer.content.decode())
    assert link
    assert not Account.objects.get(username="new").has_usable_password()
    browser = Client()
    passwords = {"password": "right-horse-9", "again": "right-horse-9"}
    assert browser.post(link[1], passwords).status_code == 302
    assert browser.get("/queue/").status_code == 200
    assert "/sign-in/first/" not in administrator.get("/settings/people/of/new/").content.decode()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"username": "roads"}, "已有"),
        ({"username": "a b"}, "空格"),
        ({"username": ""}, "必填"),
        ({"role": "king"}, "选"),
        ({"role": "partner"}, "选"),
        ({"unit": "nobody"}, "选"),
        ({"area": "moon"}, "选"),
    ],
)
def test_an_invalid_person_is_refused_and_no_account_is_made(
    administrator: Client, given: dict[str, str], expected: str
) -> None:
    before = Account.objects.count()
    whole = {"username": "new", "name": "新人", "role": "handler", "unit": "roads", **given}
    answer = administrator.post("/settings/people/new/", whole)
    assert answer.status_code in (409, 422)
    assert expected in Page(answer.content).text
    assert Account.objects.count() == before


def test_posts_are_given_and_ended_and_the_account_tells_of_it(administrator: Client) -> None:
    posts = Appointment.objects.filter(account__username="roads")
    assert (
        sent(administrator, "/settings/people/of/roads/appoint/", role="collector", unit="parks", area="671001") == 302
    )
    assert set(posts.values_list("role", flat=True)) == {"handler", "collector"}
    assert sent(administrator, "/settings/people/of/roads/end-post/", role="handler", unit="roads", area="") == 302
    assert list(posts.values_list("role", flat=True)) == ["collector"]
    shown = page(administrator, "/settings/people/of/roads/")
    assert "免去岗位" in shown.text and "处置人员 · 市政养护处 · 全市" in shown.text


def test_an_ended_account_is_signed_out_and_can_be_reopened(administrator: Client, signed_in: As) -> None:
    browser = signed_in("roads")
    assert browser.get("/queue/").status_code == 200
    assert sent(administrator, "/settings/people/of/roads/end/") == 302
    assert browser.get("/queue/").status_code == 302
    assert "恢复账号" in page(administrator, "/settings/people/of/roads/").text
    assert sent(administrator, "/settings/people/of/roads/reopen/") == 302
    assert browser.get("/queue/").status_code == 200


def test_the_last_administrator_cannot_lock_everybody_out(administrator: Client) -> None:
    answer = administrator.post("/settings/people/of/administrator/end/")
    assert answer.status_code == 409
    assert "至少要有一名管理员" in Page(answer.content).text


def test_nobody_but_an_administrator_sees_people(signed_in: As) -> None:
    for username in ("leader", "operator", "roads", "hotline"):
        assert signed_in(username).get("/settings/people/").status_code == 403
        assert signed_in(username).get("/settings/people/of/roads/").status_code == 403


def test_a_shift_over_midnight_is_entered_shown_and_taken_off_again(administrator: Client, signed_in: As) -> None:
    given = {"unit": "roads", "role": "handler", "person": "roads", "day": "2026-11-19", "hours": "20:00-12:00"}
    assert sent(administrator, "/settings/rosters/add/", **given) == 302
    shown = page(signed_in("leader"), "/settings/rosters/")
    assert "20:00–12:00" in shown.text and "至 2026-11-20 12:00" in shown.text
    assert "撤下班次" not in shown.text
    assert "roads先生" not in page(signed_in("leader"), "/settings/rosters/?unit=parks").words
    assert "20:00–12:00" not in page(signed_in("leader"), "/settings/rosters/?day=2026-12-01").text
    key = {"unit": "roads", "role": "handler", "account": "roads", "starts_at": "2026-11-19T20:00:00+08:00"}
    assert sent(administrator, "/settings/rosters/remove/", **key) == 302
    assert not Roster.objects.exists()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"hours": "早班"}, "不是有效的班次"),
        ({"day": "soon"}, "2026-11-22"),
        ({"person": "nobody"}, "选"),
        ({"day": ""}, "必填"),
    ],
)
def test_an_invalid_shift_is_refused_at_its_field(administrator: Client, given: dict[str, str], expected: str) -> None:
    whole = {"unit": "roads", "role": "handler", "person": "roads", "day": "2026-11-19", "hours": "08:00-20:00"}
    answer = administrator.post("/settings/rosters/add/", {**whole, **given})
    assert answer.status_code == 422
    assert expected in Page(answer.content).text
    assert not Roster.objects.exists()


@pytest.mark.parametrize("address", ["/settings/rosters/?day=soon", "/settings/rosters/?day=0001-01-01"])
def test_a_week_that_is_none_is_refused(administrator: Client, address: str) -> None:
    assert administrator.get(address).status_code == 422


def test_the_matrix_counts_none_one_and_many_and_leads_to_the_classes(administrator: Client, city: SmallCity) -> None:
    Duty.objects.all().delete()
    rows = [{"category": "0601", "area": city.north, "unit": "roads"}]
    rows += [{"category": "06010", "area": city.north, "unit": unit} for unit in ("roads", "parks")]
    organisation.set_duties(rows, "test", NOW, city=current_city())
    forget()
    shown = page(administrator, "/settings/duties/")
    assert "多家负责 1" in shown.text and "无人负责" in shown.text
    listed = page(administrator, f"/settings/duties/in/{city.north}/06/?standing=many")
    assert {words for words in listed.words if words.startswith("060")} == {
        f"06010 {current_city().categories['06010'].name}",
        "06010 × 北区",
    }
    assert "市政养护处" in listed.words and "06010 × 北区" in listed.words


def test_a_class_is_shown_on_the_map_with_a_table_that_says_the_same(administrator: Client, city: SmallCity) -> None:
    Duty.objects.all().delete()
    community = {"category": "06010", "area": "671001000001", "unit": "parks"}
    organisation.set_duties(
        [{"category": "06", "area": city.north, "unit": "roads"}, community], "test", NOW, city=current_city()
    )
    forget()
    answer = administrator.get("/settings/duties/classes/06010/?level=community")
    shown = Page(answer.content)
    assert "<city-map" in answer.content.decode() and '"standing": "none"' in answer.content.decode()
    assert shown.words.count("无人负责") >= 2
    assert "园林绿化处" in shown.words and "06010 × 北区第1社区" in shown.words
    assert administrator.get("/settings/duties/classes/06010/?level=planet").status_code == 422
    assert administrator.get("/settings/duties/classes/99999/").status_code == 404


def test_a_duty_is_entered_put_on_the_list_and_removed(administrator: Client, city: SmallCity) -> None:
    given = {
        "category": "06010",
        "area": city.north,
        "unit": "parks",
        "is_listed": "1",
        "basis": "某条例",
        "reason": "新清单",
    }
    assert sent(administrator, "/settings/duties/set/", **given) == 302
    listed = current_city().listed("06010", {"district": city.north})
    assert listed and (listed.unit, listed.basis) == ("parks", "某条例")
    shown = page(administrator, "/settings/duties/?listed=1")
    assert "某条例" in shown.text and "所有类别" not in shown.words
    key = {name: given[name] for name in ("category", "area", "unit")}
    assert sent(administrator, "/settings/duties/remove/", **key, reason="撤销") == 302
    assert not Duty.objects.filter(category="06010").exists()
    assert {change.source for change in ChangeSet.objects.filter(what="DutiesSet")} >= {"新清单", "撤销"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"category": "99999"}, "没有代码为 99999"),
        ({"category": "火星"}, "没有类别 火星"),
        ({"unit": ""}, "选"),
        ({"unit": "north-1"}, "不得下放给社区"),
        ({"reason": ""}, "必填"),
    ],
)
def test_an_invalid_duty_is_refused_at_its_field(
    administrator: Client, city: SmallCity, given: dict[str, str], expected: str
) -> None:
    organisation.set_units([{"code": "north-1", "name": "一社区", "kind": "community"}], "test", NOW)
    forget()
    row = {"category": "06", "area": city.north, "unit": "roads", "is_listed": True}
    organisation.set_duties([row], "test", NOW, city=current_city())
    whole = {"category": "06010", "area": city.north, "unit": "parks", "is_listed": "0", "reason": "登记", **given}
    answer = administrator.post("/settings/duties/set/", whole)
    assert answer.status_code == 422
    assert expected in Page(answer.content).text
    assert not Duty.objects.filter(category="06010").exists()


def test_the_dispatcher_reads_beside_the_form_who_is_responsible_and_why(
    signed_in: As, report: Report, people: dict, city: SmallCity
) -> None:
    from cityloop.casework.actions import act

    rows = [{"category": "06013", "area": city.north, "unit": unit} for unit in ("roads", "parks")]
    organisation.set_duties(rows, "test", NOW, city=current_city())
    forget()
    number = report()
    act(number, "accept", 1, people["operator"], {"category": "06013", "district": city.north}, None, NOW)
    act(number, "file", 2, people["duty"], {}, None, NOW)
    shown = page(signed_in("dispatcher"), f"/cases/{number}/")
    assert "多家同等负责" in shown.text and "市政养护处（06013 × 北区）" in shown.text
    organisation.set_units([{"code": "parks", "is_active": False}], "test", NOW)
    forget()
    shown = page(signed_in("dispatcher"), f"/cases/{number}/")
    assert "责任单位：市政养护处（06013 × 北区）" in shown.text and "未选用：园林绿化处（已停用）" in shown.text
