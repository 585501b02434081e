"""The pages of facilities, and the form that offers those near a report."""

import pytest

from cityloop.registry.facilities.queries import PAGE
from cityloop.registry.history.changes import TableChange, apply
from cityloop.registry.history.tables import FACILITIES
from cityloop.registry.models import ChangeSet, Facility
from example import NOW, SmallCity
from screens.conftest import As, Page, Report, enter_lamp

LAMP = "67100101037000001"
HERE = f"/settings/facilities/{LAMP}/"


@pytest.fixture(autouse=True)
def lamp(city: SmallCity) -> None:
    enter_lamp(maintainer="roads", owner="甲公司", owner_name="甲公司")


def page(client: object, address: str, **query: str) -> Page:
    return Page(client.get(address, query).content)  # type: ignore[attr-defined]


def test_a_city_without_facilities_learns_how_they_come_in(signed_in: As) -> None:
    Facility.objects.all().delete()
    assert "cityloop import facilities" in page(signed_in("leader"), "/settings/facilities/").text


def test_the_list_is_narrowed_by_class_state_district_and_words(signed_in: As) -> None:
    enter_lamp(
        code="67100201001000002", category="01001", name="供水井盖", state="damaged", areas={"district": "671002"}
    )
    client = signed_in("leader")
    both = page(client, "/settings/facilities/")
    assert LAMP in both.text and "67100201001000002" in both.text and "市政养护处" in both.text
    for query in (
        {"category": "01001"},
        {"state": "damaged"},
        {"district": "671002"},
        {"words": "供水"},
        {"words": "671002"},
    ):
        narrowed = page(client, "/settings/facilities/", **query)
        assert "67100201001000002" in narrowed.text and LAMP not in narrowed.text, query
    assert "破损" in both.text
    assert "没有找到部件" in page(client, "/settings/facilities/", words="nothing").text


def test_the_next_page_goes_on_where_the_first_ended(signed_in: As) -> None:
    row = {"catalogue": "GB/T 47678.5-2026", "category": "01001", "name": "供水井盖"}
    more = [{**row, "code": f"67100101001{n:06d}"} for n in range(1, PAGE + 1)]
    apply([TableChange(FACILITIES, more)], "test", NOW, "FacilitiesSet")
    client = signed_in("leader")
    first = page(client, "/settings/facilities/")
    assert LAMP not in first.text
    (onward,) = (link for link in first.links if "after=" in link)
    assert LAMP in page(client, f"/settings/facilities/{onward}").text


@pytest.mark.parametrize("query", [{"state": "fine"}, {"words": "\x00"}, {"after": "\x01"}])
def test_a_filter_that_nobody_offers_is_refused(signed_in: As, query: dict[str, str]) -> None:
    assert signed_in("leader").get("/settings/facilities/", query).status_code == 422


def test_the_list_asks_few_questions_however_many_there_are(
    signed_in: As, django_assert_max_num_queries: object
) -> None:
    client = signed_in("leader")
    client.get("/settings/facilities/")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        client.get("/settings/facilities/")


def test_a_facility_tells_its_facts_its_place_its_history_and_the_cases_about_it(signed_in: As, report: Report) -> None:
    number = report(facility=LAMP, text="灯不亮")
    shown = signed_in("operator").get(HERE)
    text = Page(shown.content).text
    assert "路灯" in text and "市政养护处" in text and "甲公司" in text and "不在单位名录中" in text and number in text
    assert b"<city-map" in shown.content and b"120.05" in shown.content
    assert "新增" in text
    assert f"/cases/{number}/" in Page(shown.content).links
    other = page(signed_in("parks"), HERE)
    assert number not in other.text and "没有您能看到的案件" in other.text


def test_the_case_leads_to_its_facility_and_an_unknown_one_is_shown_without_a_link(
    signed_in: As, report: Report
) -> None:
    client = signed_in("operator")
    tied, loose = report("A1", facility=LAMP), report("A2", facility="67100101037000099")
    assert HERE in page(client, f"/cases/{tied}/").links
    unknown = page(client, f"/cases/{loose}/")
    assert "67100101037000099" in unknown.text and "普查中尚无" in unknown.text
    assert not any("/settings/facilities/" in link for link in unknown.links)


def test_a_facility_nobody_knows_is_not_found(signed_in: As) -> None:
    assert signed_in("leader").get("/settings/facilities/67100101037000099/").status_code == 404


def test_an_administrator_changes_a_facility_and_its_history_says_so(signed_in: As) -> None:
    client = signed_in("administrator")
    seen = str(ChangeSet.objects.latest("number").number)
    given = {"state": "damaged", "maintainer": "parks", "owner": "甲公司", "authority": "", "remark": "灯杆倾斜"}
    answer = client.post(f"{HERE}edit/", {**given, "reason": "巡查发现", "seen": seen})
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    facility = Facility.objects.get()
    assert (facility.state, facility.maintainer, facility.maintainer_name, facility.owner, facility.remark) == (
        "damaged", "parks", "园林绿化处", "甲公司", "灯杆倾斜",
    )  # fmt: skip
    page_now = page(client, HERE)
    assert "灯杆倾斜" in page_now.text and "administrator先生" in page_now.text
    change = ChangeSet.objects.get(what="FacilityChanged")
    assert f"/settings/changes/{change.number}/" in page_now.links
    client.post(f"/settings/changes/{change.number}/undo/")
    assert Facility.objects.get().state == "intact"


def test_a_change_without_a_reason_is_sent_back_with_what_was_typed(signed_in: As) -> None:
    answer = signed_in("administrator").post(
        f"{HERE}edit/", {"state": "missing", "remark": "杆子不见了", "seen": "999999999"}
    )
    assert answer.status_code == 422
    assert "杆子不见了" in answer.content.decode() and Facility.objects.get().state == "intact"


def test_whoever_looked_before_somebody_else_changed_it_is_refused(signed_in: As) -> None:
    client = signed_in("administrator")
    answer = client.post(f"{HERE}edit/", {"state": "missing", "reason": "x", "seen": "0"})
    assert answer.status_code == 409 and "被他人更改" in answer.content.decode()


def test_nobody_else_is_offered_to_change_a_facility(signed_in: As) -> None:
    assert f"{HERE}edit/" not in signed_in("leader").get(HERE).content.decode()
    assert f"{HERE}edit/" in signed_in("administrator").get(HERE).content.decode()


NEAR = "/reports/new/facilities/"


def test_facilities_near_a_report_of_their_class_are_offered_and_none_is_chosen(signed_in: As, city: SmallCity) -> None:
    lon, lat = city.inside_north
    query = {"category": "01037", "lon": f"{lon + 0.0005}", "lat": str(lat), "crs": "wgs84"}
    shown = signed_in("operator").get(NEAR, query).content.decode()
    assert LAMP in shown and "51 米" in shown
    assert 'value="" checked' in shown and f'value="{LAMP}" checked' not in shown


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"category": "01037"},
        {"category": "01037", "lon": "x", "lat": "23.05"},
        {"category": "01037", "lon": "120.05", "lat": "23.05", "crs": "mars"},
        {"category": "01037", "lon": "nan", "lat": "23.05"},
        {"category": "06010", "lon": "120.05", "lat": "23.05"},
        {"category": "01037", "lon": "120.06", "lat": "23.05"},
    ],
)
def test_nothing_is_offered_while_class_or_place_is_missing_or_nothing_is_near(
    signed_in: As, query: dict[str, str]
) -> None:
    answer = signed_in("operator").get(NEAR, query)
    assert answer.status_code == 200 and b"<input" not in answer.content


def a_report(**more: str) -> dict[str, str]:
    return {"external_id": "1", "text": "灯不亮", "category": "01037", "lon": "120.0504", "lat": "23.05", **more}


@pytest.mark.parametrize(
    "given", [{"facility": LAMP}, {"near_facility": LAMP}, {"facility": LAMP, "near_facility": ""}]
)
def test_a_report_is_about_the_facility_that_was_typed_or_chosen(signed_in: As, given: dict[str, str]) -> None:
    from cityloop.casework.models import Case

    assert signed_in("operator").post("/reports/new/", a_report(**given)).status_code == 302
    assert Case.objects.get().facility == LAMP


def test_a_report_is_about_none_where_none_was_chosen(signed_in: As) -> None:
    from cityloop.casework.models import Case

    signed_in("operator").post("/reports/new/", a_report(near_facility=""))
    assert Case.objects.get().facility is None


def test_a_form_sent_back_still_offers_them_and_keeps_what_was_chosen(signed_in: As) -> None:
    answer = signed_in("operator").post("/reports/new/", a_report(text="", near_facility=LAMP))
    assert answer.status_code == 422 and f'value="{LAMP}" checked' in answer.content.decode()


def test_the_history_of_a_facility_is_in_words(signed_in: As) -> None:
    form = {
        "state": "damaged",
        "authority": "parks",
        "owner": "甲公司",
        "maintainer": "roads",
        "reason": "巡查",
        "seen": "999999999",
    }
    assert signed_in("administrator").post(f"{HERE}edit/", form).status_code == 302
    shown = signed_in("leader").get(HERE).content.decode()
    history = shown[shown.index('<h2 class="cl-subhead">变更记录</h2>') :]
    assert "<del>完好</del>" in history and "<ins>破损</ins>" in history
    for words in ("园林绿化处", "市政养护处", "甲公司", "路灯", "北区"):
        assert words in history, words
    for code in ("parks", "roads", "damaged", "intact", "district"):
        assert code not in history, code
