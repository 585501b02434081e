"""Figures on pages: counted over facts of real cases as a worker does, ranked, explained, opened to the cases."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from django.db import connection
from python_calamine import CalamineWorkbook

from cityloop.casework.actions import act
from cityloop.casework.models import Case
from cityloop.core.indicators.indicator import Better, Indicator
from cityloop.evaluation import jobs as evaluation_jobs
from cityloop.evaluation.answers import asked as answers
from cityloop.evaluation.indicators.books import books
from cityloop.evaluation.models import CountedAnswer
from cityloop.intake.models import Report
from cityloop.presentation.figures import views
from cityloop.presentation.figures.questions import objects
from cityloop.presentation.figures.ranking import ranks
from cityloop.runtime.clock import now
from example import PEOPLE, SmallCity
from screens.conftest import HTMX, As, Page
from screens.counted import END, Exported, count, rows, shown
from screens.past_cases import MONDAY, SAME_DAY, WEEKS_LATER, Went, city_time

JOBS = "SELECT args->>'key' FROM procrastinate_jobs WHERE task_name = 'evaluation.count_answer'"


def jobs(name: str) -> list[int]:
    """The priorities of the jobs of a task."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT priority FROM procrastinate_jobs WHERE task_name = %s", [name])
        return [priority for (priority,) in cursor.fetchall()]


def lines(page: str) -> list[str]:
    """The histories of a ranking in words, its last that of everything."""
    return re.findall(r'<svg class="cl-spark"[^>]* aria-label="([^"]*)"', page)


def test_objects_are_ranked_by_a_figure_and_those_with_nothing_to_count_have_no_rank(
    signed_in: As, november: None, exported: Exported
) -> None:
    exported()
    client = signed_in("leader")
    assert [row[:4] for row in rows(shown(client, "/figures/?period=2026-11&by=community"))] == [
        ("1", "北区第1社区", "50.00%", "2/4"),  # an open case that is overdue ought to have been closed, too
        ("1", "南区第1社区", "50.00%", "1/2"),
        ("—", "北区第2社区", "—", "0/0"),
        ("—", "南区第2社区", "—", "0/0"),
        ("", "全市合计", "50.00%", "3/6"),
    ]
    counted = rows(shown(client, "/figures/?period=2026-11&by=community&indicator=archive_late_rate"))
    assert [row[:3] for row in counted[:2]] == [("1", "北区第1社区", "25.00%"), ("2", "南区第1社区", "50.00%")]
    reported = rows(shown(client, "/figures/?period=2026-11&indicator=public_report"))
    assert [row[:3] for row in reported] == [
        ("1", "南区", "3"),  # less is better
        ("2", "北区", "6"),
        ("—", "区县待定", "1"),  # what has no district is no district
        ("", "全市合计", "10"),
    ]


def test_a_statistic_is_listed_by_name_and_nobody_has_a_rank(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    known: dict[str, Indicator] = books()["gbt30428-4"].indicators  # type: ignore[assignment]
    statistic = replace(known["public_report"], is_statistic=True, better=Better.NEITHER)
    monkeypatch.setitem(known, "public_report", statistic)
    page = shown(signed_in("leader"), "/figures/?period=2026-11&indicator=public_report")
    assert [row[:3] for row in rows(page)[:2]] == [("—", "北区", "6"), ("—", "南区", "3")]
    assert "只作统计：不排名、不计分。" in page


def test_a_page_asks_at_once_and_shows_the_figures_as_soon_as_they_are_counted(
    signed_in: As, november: None, exported: Exported
) -> None:
    exported()
    client = signed_in("leader")
    page = client.get("/figures/?period=2026-11").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert 'http-equiv="refresh"' in page  # for who has no script
    with connection.cursor() as cursor:
        cursor.execute(JOBS)
        keys = {key for (key,) in cursor.fetchall()}
    assert keys == set(CountedAnswer.objects.values_list("key", flat=True))
    again = client.get("/figures/?period=2026-11", **HTMX).content.decode()
    assert "<html" not in again
    assert len(keys) == CountedAnswer.objects.count() == 2
    count()
    counted = client.get("/figures/?period=2026-11", **HTMX).content.decode()
    assert "hx-trigger" not in counted
    assert "北区" in counted


def test_whoever_sees_the_same_cases_shares_what_was_counted(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    shown(signed_in("leader"), "/figures/?period=2026-11")
    assert "50.00%" in signed_in("dispatcher").get("/figures/?period=2026-11").content.decode()
    assert CountedAnswer.objects.count() == 2


def test_what_cannot_be_counted_says_why(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    client = signed_in("leader")
    client.get("/figures/?period=2026-11")
    CountedAnswer.objects.update(failure="The facts of that moment were removed.")
    page = client.get("/figures/?period=2026-11").content.decode()
    assert "The facts of that moment were removed." in page
    assert "hx-trigger" not in page


def test_before_the_first_export_the_page_teaches_and_offers_one(signed_in: As, city: SmallCity) -> None:
    page = signed_in("leader").get("/figures/")
    assert page.status_code == 200
    assert "还没有事实数据" in page.content.decode()
    assert 'action="/figures/refresh/"' in page.content.decode()
    assert 'action="/figures/refresh/"' not in signed_in("roads").get("/figures/").content.decode()


def test_figures_are_refreshed_once_however_often_it_is_asked_and_the_page_waits_for_them(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    client = signed_in("leader")
    monkeypatch.setattr(views, "now", lambda: END + timedelta(minutes=5))
    answers = [client.post("/figures/refresh/?by=street&period=2026-11") for _ in range(2)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'evaluation.refresh_facts'")
        assert cursor.fetchone() == (1,)
    there = answers[0]["Location"]
    assert there.startswith("/figures/?by=street&period=2026-11&asked=")
    waits = there.replace("/figures/?", "/figures/refresh/?")
    assert client.get(waits).status_code == 200
    exported(END + timedelta(minutes=6))
    assert client.get(waits)["Location"] == "/figures/?by=street&period=2026-11"


def test_facts_of_this_very_minute_are_shown_and_not_exported_again(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    monkeypatch.setattr(views, "now", lambda: END + timedelta(seconds=59))
    there = signed_in("leader").post("/figures/refresh/?by=street&asked=2026-11-29T12:00:00%2B00:00")
    assert there["Location"] == "/figures/?by=street"
    assert jobs("evaluation.refresh_facts") == []


def test_facts_are_exported_before_anything_is_counted(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    monkeypatch.setattr(views, "now", lambda: END + timedelta(hours=1))
    client = signed_in("leader")
    client.get("/figures/?period=2026-11")
    client.post("/figures/refresh/")
    (refreshing,) = jobs("evaluation.refresh_facts")
    assert refreshing > max(jobs("evaluation.count_answer"))
    assert evaluation_jobs.export_facts.priority == evaluation_jobs.refresh_facts.priority == refreshing


def test_whoever_requests_more_while_much_is_awaited_is_asked_to_try_again(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    monkeypatch.setattr(answers, "MOST", 2)
    client = signed_in("leader")
    shown(client, "/figures/?period=2026-09")
    client.get("/figures/?period=2026-10")
    refused = client.get("/figures/?period=2026-11")
    assert refused.status_code == 409
    assert "正在统计的指标过多" in refused.content.decode()
    assert len(jobs("evaluation.count_answer")) == CountedAnswer.objects.count() == 4
    assert client.get("/figures/?period=2026-10").status_code == 200  # it waits as before
    assert client.get("/figures/?period=2026-09").status_code == 200  # it was counted
    count()
    assert client.get("/figures/?period=2026-11").status_code == 200
    moment = now()
    monkeypatch.setattr(views, "now", lambda: moment + answers.LATE + timedelta(seconds=1))
    assert client.get("/figures/?period=2026-12").status_code == 200  # nobody waits any more


def test_who_tries_keys_has_nothing_counted(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    client = signed_in("leader")
    for by, key in (
        ("unit", "nobody"),
        ("post", "leader@nowhere"),
        ("post", "nobody@roads"),
        ("person", "account/99999"),
        ("source", "pigeon"),
        ("major", "a~b~c"),
        ("category", "a~b~c"),
    ):
        for place in ("", "cases/"):
            address = f"/figures/gbt30428-4/dispatch_accuracy_rate/{place}?period=2026-11&by={by}&key={key}"
            assert client.get(address).status_code in (404, 422), address
            address = f"/figures/gbt30428-4/register/{place}?period=2026-11&by={by}&key={key}"
            assert client.get(address).status_code == 404, address
    assert CountedAnswer.objects.count() == 0


def test_an_object_that_only_the_facts_know_is_opened_from_the_ranking_that_counted_it(
    signed_in: As, went: Went, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "sources", dict)  # as if no pack named the channel
    went("north", filed=MONDAY)
    exported()
    client = signed_in("leader")
    figure = "/figures/gbt30428-4/register/?period=2026-11&by=source&key=12345"
    assert "12345" in shown(client, figure)  # reports came by it
    Report.objects.update(channel="another")  # as if the case were from imported history
    assert client.get(figure).status_code == 200  # it was counted before
    CountedAnswer.objects.all().delete()
    assert client.get(figure).status_code == 404
    assert "12345" in shown(client, "/figures/?period=2026-11&by=source&indicator=register")
    assert "12345" in shown(client, figure)


def test_channels_go_by_the_names_that_packs_give_them(signed_in: As, went: Went, exported: Exported) -> None:
    went("north", filed=MONDAY)
    exported()
    assert "12345热线" in shown(signed_in("leader"), "/figures/?period=2026-11&by=source&indicator=register")


def test_what_failed_is_tried_again_after_a_while(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    client, moment = signed_in("leader"), now()
    monkeypatch.setattr(views, "now", lambda: moment)
    client.get("/figures/?period=2026-11")
    CountedAnswer.objects.update(failure="The disk was full.", answered_at=moment)
    assert "The disk was full." in client.get("/figures/?period=2026-11").content.decode()
    assert len(jobs("evaluation.count_answer")) == 2
    monkeypatch.setattr(views, "now", lambda: moment + answers.LATE + timedelta(seconds=1))
    assert "The disk was full." not in client.get("/figures/?period=2026-11").content.decode()
    assert len(jobs("evaluation.count_answer")) == 4
    assert "50.00%" in shown(client, "/figures/?period=2026-11")


def test_an_answer_in_daily_use_is_kept_and_one_that_nobody_looks_at_is_forgotten(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported()
    client, moment = signed_in("leader"), now()
    monkeypatch.setattr(views, "now", lambda: moment)
    shown(client, "/figures/?period=2026-11")
    shown(client, "/figures/?period=2026-10")
    for hours in (1, 26, 51, 76):
        monkeypatch.setattr(views, "now", lambda hours=hours: moment + timedelta(hours=hours))
        client.get("/figures/?period=2026-11")
        looked = set(CountedAnswer.objects.values_list("asked_at", flat=True))
        assert (moment + timedelta(hours=hours) in looked) == (hours > 1)
        answers.forget_old(moment + timedelta(hours=hours))
    assert CountedAnswer.objects.count() == 2
    assert "50.00%" in client.get("/figures/?period=2026-11").content.decode()


@pytest.mark.parametrize("by", ["community", "person", "district"])
def test_of_many_objects_only_the_histories_of_the_page_are_counted_and_they_are_the_same(
    signed_in: As, november: None, exported: Exported, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    exported()
    client = signed_in("leader")
    address = f"/figures/?period=2026-11&by={by}&indicator=report"
    whole = lines(shown(client, address))
    monkeypatch.setattr(views, "ROWS", 1)
    found = []
    for number in range(len(whole) - 1):
        page = lines(shown(client, f"{address}&after={number}"))
        assert page[-1] == whole[-1]  # of everything
        found += page[:-1]
    assert found == whole[:-1]
    if len(found) > 1:
        narrowed = [row.asked for row in CountedAnswer.objects.all() if row.asked["only"]]
        assert all(len(query["only"][by]) == 1 for query in narrowed)
        assert len(narrowed) == len(found)
    assert client.get(f"{address}&after=999").status_code == 200


def test_who_sees_but_the_cases_of_a_unit_may_not_refresh(signed_in: As, city: SmallCity) -> None:
    assert signed_in("roads").post("/figures/refresh/").status_code == 403


def test_movement_is_shown_in_words_and_places(signed_in: As, went: Went, exported: Exported) -> None:
    october = {"reported": "2026-10-12 09:00", "filed": "2026-10-12 09:00"}
    went("south", **october, closed="2026-10-12 16:00")
    went("north", **october, closed="2026-10-30 16:00")
    for where, closed in (("north", SAME_DAY), ("south", SAME_DAY), ("south", WEEKS_LATER)):
        went(where, filed=MONDAY, closed=closed)
    exported()
    moved = {row[1]: (row[0], row[4]) for row in rows(shown(signed_in("leader"), "/figures/?period=2026-11"))}
    assert moved["北区"] == ("1", "增加100.00个百分点，上升1位")
    assert moved["南区"] == ("2", "减少50.00个百分点，下降1位")


@pytest.mark.parametrize(
    ("better", "expected"), [(Better.MORE, [2, 1, 2, 4]), (Better.LESS, [2, 4, 2, 1]), (Better.NEITHER, [2, 1, 2, 4])]
)
def test_equal_figures_have_equal_rank_and_the_next_rank_is_left_out(better: Better, expected: list[int]) -> None:
    values = {(name,): value for name, value in zip("abcd", (5, 7, 5, 1), strict=True)}
    found = ranks({**values, ("e",): None}, better)  # type: ignore[arg-type]
    assert [found[name,] for name in "abcd"] == expected
    assert ("e",) not in found


FIGURES = (
    ("archive_in_time_rate", ""),
    ("archive_in_time_rate", "by_due"),
    ("register_accuracy_rate", ""),
    ("dispatch_accuracy_rate", ""),
    ("miss_rate", "of_found"),
    ("rework_rate", "cases"),
    ("accurate_dispatch", ""),
    ("need_dispose", ""),
)


@pytest.mark.parametrize(("code", "variant"), FIGURES)
@pytest.mark.parametrize(
    "key", ["671001", *(pytest.param(key, marks=pytest.mark.weekly) for key in (None, "671002", ""))]
)
def test_every_count_behind_a_figure_opens_just_the_cases_it_counts(
    signed_in: As, november: None, exported: Exported, code: str, variant: str, key: str | None
) -> None:
    exported()
    client = signed_in("leader")
    of = "" if key is None else f"&by=district&key={key}"
    page = shown(client, f"/figures/gbt30428-4/{code}/?period=2026-11&variant={variant}{of}")
    parts = re.findall(r'<a href="([^"]+/cases/\?[^"]+)"><span>[^<]+</span><b>([^<]+)</b>', page)
    assert parts
    for link, number in parts:
        listed = shown(client, unescape(link))
        adds = [int(more) for more in re.findall(r"×(\d+)", listed)]
        assert listed.count("cl-row-link") - len(adds) + sum(adds) == int(number), link


def test_a_case_that_was_reworked_twice_is_listed_once_with_what_it_adds(
    signed_in: As, people: dict, exported: Exported, went: Went
) -> None:
    case = went("north", filed=MONDAY)

    def done(action: str, username: str, **inputs: str) -> None:
        tasks = Case.objects.get(pk=case.pk).tasks.count()
        act(case.number, action, tasks, people[username], inputs, None, city_time(MONDAY))

    done("dispatch", "dispatcher", unit="roads")
    for _ in range(2):
        done("report_back", "roads", result="已清理")
        done("rework", "collector", reason="仍有垃圾")
    exported()
    page = shown(signed_in("leader"), "/figures/gbt30428-4/rework/cases/?period=2026-11")
    assert page.count("cl-row-link") == 1
    assert "×2" in page


def test_the_live_ranking_does_not_call_its_share_by_the_name_of_the_indicator(signed_in: As, november: None) -> None:
    page = shown(signed_in("leader"), "/figures/districts/?month=2026-11")
    assert page.count("已结案中按期占比") >= 2
    assert page.count("按期结案率") == page.count("这不是“指标排名”里的按期结案率") == 1


def test_a_figure_says_how_it_came_about(signed_in: As, november: None, exported: Exported) -> None:
    edition = exported()
    page = shown(signed_in("leader"), "/figures/gbt30428-4/archive_in_time_rate/?period=2026-11&by=district&key=671001")
    assert "50.00%" in page
    assert "2 ÷ 4" in page
    assert "按期结案率 = 按期结案数 ÷ 应结案数 × 100%" in unescape(page)
    assert "GB/T 30428.4-2016" in page
    assert "SELECT" in page
    assert edition.digest in page
    assert "以本期到期的计" in page  # a variant, with its own value
    assert (
        len(re.findall(r"<th scope=\"row\">2026-\d\d", page)) + len(re.findall(r"<th scope=\"row\">2025-\d\d", page))
        == 12
    )


def test_everybody_is_shown_figures_of_the_cases_they_may_see_and_nothing_else(
    signed_in: As, november: None, exported: Exported
) -> None:
    exported()
    found = {}
    for username in PEOPLE:
        client = signed_in(username)
        if client.get("/figures/").status_code == 403:
            found[username] = "no"
        else:
            found[username] = rows(shown(client, "/figures/?period=2026-11&indicator=register"))[-1][2]
    assert found == {
        **dict.fromkeys(("operator", "duty", "dispatcher", "collector", "leader", "enforcement"), "6"),
        **dict.fromkeys(("north_operator", "street"), "4"),
        **dict.fromkeys(("roads", "roads2"), "4"),
        "parks": "1",
        **dict.fromkeys(("hotline", "administrator"), "no"),
    }


def test_who_has_one_district_is_shown_its_communities_and_no_other_area(
    signed_in: As, november: None, exported: Exported
) -> None:
    exported()
    client = signed_in("north_operator")
    names = {row[1] for row in rows(shown(client, "/figures/?period=2026-11"))}
    assert "北区第1社区" in names
    assert not any("南区" in name for name in names)
    assert client.get("/figures/?by=district").status_code == 422
    south = "/figures/gbt30428-4/register/?by=community&key=671002000000"
    assert client.get(south).status_code == 404
    assert client.get("/figures/?scope=all").status_code == 403


def test_the_rail_leads_to_figures_only_who_may_see_some(signed_in: As) -> None:
    led = {
        who: 'href="/figures/"' in signed_in(who).get("/settings/").content.decode()
        for who in ("leader", "administrator")
    }
    assert led == {"leader": True, "administrator": False}


def test_a_unit_is_not_shown_who_works_at_the_desks(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    client = signed_in("roads")
    for query in ("by=person", "by=post", "by=department", "by=unit", "indicator=accept"):
        assert client.get(f"/figures/?{query}").status_code == 422, query
    assert client.get("/figures/gbt30428-4/accept/").status_code == 404
    assert signed_in("leader").get("/figures/?by=person").status_code == 200


def test_persons_go_by_their_names(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    page = shown(signed_in("leader"), "/figures/?period=2026-11&by=person&indicator=register")
    assert [row[:3] for row in rows(page)] == [("1", "duty先生", "6"), ("", "全市合计", "6")]


@pytest.mark.parametrize(
    "query",
    (
        "by=galaxy",
        "indicator=luck",
        "indicator=archive_rate&variant=luck",
        "period=soon",
        "period=2026-11-31..2026-12-02",
        "from=2026-11-10&until=2026-11-01",
        "period=1066",
        "period=2201",
        "period=0001-01-01T00:00%2B14:00..2026-01-01T00:00",
        "period=2026-01-01T00:00..9999-12-31T23:00-12:00",
        "period=0001-01-01T00:00..2026-01-01T00:00",
        "period=0001-01-01..9999-12-31",
        "period=2026-06-19T12:00:10..2026-06-19T12:00:40",
        "period=2026-06-19T12:00Z..2026-06-20T12:00Z",
        "period=2026-06-19 12:00..2026-06-20T12:00",
        "period=2026-06-19T12..2026-06-20T12",
        "period=20260619..20260620",
        "month_begins_on=31",
        "day_begins_at=25",
    ),
)
def test_what_nobody_offers_is_refused(signed_in: As, november: None, exported: Exported, query: str) -> None:
    exported()
    assert signed_in("leader").get(f"/figures/?{query}").status_code == 422
    assert CountedAnswer.objects.count() == 0


def test_what_does_not_exist_is_not_found(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    client = signed_in("leader")
    for address in (
        "/figures/gbt30428-4/luck/",
        "/figures/nothing/register/",
        "/figures/?edition=20010101T000000Z",
        "/figures/gbt30428-4/register/?by=district&key=999999",
        "/figures/gbt30428-4/register/?by=district&key=671001~2",
    ):
        assert client.get(address).status_code == 404, address
    assert client.get("/figures/gbt30428-4/register/cases/?count=luck").status_code == 422


PERIODS = [
    *("2026-11-02", "2026-W45", "2026-Q4", "2026-H2", "2026", "1990-01-01..2100-12-31"),
    *("2026-11-01..2026-11-10", "2026-11-01T12:00..2026-11-10T12:30"),
]


@pytest.mark.parametrize("period", PERIODS)
def test_a_period_of_any_length_is_shown_beside_the_one_before(
    signed_in: As, november: None, exported: Exported, period: str
) -> None:
    exported()
    found = rows(shown(signed_in("leader"), f"/figures/?period={period}&indicator=register"))
    assert found[-1][2] == "6"


def test_months_may_begin_on_the_19th(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    client = signed_in("leader")
    assert rows(shown(client, "/figures/?period=2026-11&indicator=register&month_begins_on=19"))[-1][2] == "6"
    assert rows(shown(client, "/figures/?period=2026-12&indicator=archive&month_begins_on=19"))[-1][2] == "2"


def test_figures_of_the_past_are_counted_over_the_facts_of_the_past(
    signed_in: As, went: Went, exported: Exported
) -> None:
    went("north", filed=MONDAY)
    first = exported(END)
    went("north", filed=MONDAY)
    second = exported(END + timedelta(days=1))
    client = signed_in("leader")
    address = "/figures/?period=2026-11&indicator=register"
    assert rows(shown(client, address))[-1][2] == "2"
    assert rows(shown(client, f"{address}&edition={first.name}"))[-1][2] == "1"
    assert f'value="{second.name}"' in client.get(address).content.decode()


def test_areas_are_coloured_by_the_five_bands_only_where_more_is_better(
    signed_in: As, november: None, exported: Exported
) -> None:
    exported()
    client = signed_in("leader")
    graded = shown(client, "/figures/?period=2026-11")
    assert '"group": "D"' in graded  # 50 %
    assert '"tone": "black"' in graded
    counted = shown(client, "/figures/?period=2026-11&indicator=register")
    assert '"tone": "black"' not in counted
    assert "<city-map" in counted
    assert "<city-map" not in shown(client, "/figures/?period=2026-11&by=department")


def test_the_ranking_is_exported_as_a_workbook_with_names(
    signed_in: As, november: None, exported: Exported, tmp_path: Path
) -> None:
    exported()
    client = signed_in("leader")
    address = "/figures/export/?period=2026-11&by=person&indicator=register"
    assert 'http-equiv="refresh"' in client.get(address).content.decode()
    assert count() == 1
    (tmp_path / "figures.xlsx").write_bytes(client.get(address).content)
    sheet = [
        cell
        for row in CalamineWorkbook.from_path(tmp_path / "figures.xlsx").get_sheet_by_index(0).to_python()
        for cell in row
    ]
    assert "duty先生" in sheet
    assert "立案数" in sheet


@pytest.mark.parametrize(
    "address",
    (
        "/figures/?period=2026-11",
        "/figures/?period=2026-11&by=person",
        "/figures/?period=2026-11&by=category",
        "/figures/gbt30428-4/dispatch_accuracy_rate/?period=2026-11&by=district&key=671001",
        "/figures/gbt30428-4/register/cases/?period=2026-11",
    ),
)
def test_a_page_of_figures_asks_the_database_at_most_twelve_times(
    signed_in: As, november: None, exported: Exported, address: str, django_assert_max_num_queries: object
) -> None:
    exported()
    client = signed_in("leader")
    shown(client, address)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(address)


def test_the_pages_of_figures_speak_english_too(signed_in: As, november: None, exported: Exported) -> None:
    exported()
    client = signed_in("leader")
    client.post("/language/", {"language": "en", "next": "/figures/"})
    for address in ("/figures/?period=2026-11", "/figures/gbt30428-4/rework_rate/?period=2026-11"):
        words = Page(shown(client, address).encode()).words
        chinese = {word for word in words if re.search(r"[\u4e00-\u9fff]", word)}
        names = {"leader先生", "监督指挥中心", "中文 / English", "中文", "北区", "南区", "区县待定"}
        assert chinese <= names, chinese - names
