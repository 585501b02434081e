"""Facts of the histories of city problems, and that the figures of GB/T 30428.4 are right over them."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cityloop.casework.history import evidence
from cityloop.evaluation.exporting import export
from cityloop.evaluation.facts.files import FactFolder
from cityloop.evaluation.facts.relations import FACTS
from cityloop.evaluation.indicators.figures import Figures, asked
from cityloop.evaluation.indicators.texts import read_book
from cityloop.evaluation.measures import engine
from cityloop.evaluation.measures.compiling import Question
from cityloop.evaluation.periods import Rhythm, read_period
from cityloop.intake.actions import receive
from cityloop.intake.reports import read
from cityloop.registry.city.current import current_city
from cityloop.registry.packs.reading import SHIPPED
from example import NOW
from fact_rows import ZONE
from scenarios.conftest import TO_THE_END, Desks, linked, notify_linked, wake

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AS_OF = datetime(2026, 12, 5, 2, 0, tzinfo=UTC)
BOOK = read_book(SHIPPED / "gbt30428-4")

Facts = Mapping[str, list[dict[str, Any]]]


class Counter:
    """Facts as of AS_OF, and figures counted over them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.facts = folder, FactFolder(folder / "facts")
        self.edition = export(self.facts, AS_OF)

    def rows(self, relation: str, number: str) -> list[dict[str, Any]]:
        """Return the rows of a case."""
        parts = [part for part in self.edition.parts if part.relation == relation]
        found = [row for part in parts for row in self.facts.table(part).to_pylist()]
        return [row for row in found if row["case_number"] == number]

    def case(self, number: str) -> dict[str, Any]:
        (row,) = self.rows("cases", number)
        return row

    def tasks(self, number: str, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.rows("tasks", number) if row["kind"] == kind]

    def figures(self, *codes: str, by: tuple[str, ...] = (), period: str = "2026-11") -> Figures:
        """Return figures of a month."""
        indicators = [BOOK.indicators[code.partition(":")[0]] for code in codes]
        chosen = [
            indicator.chosen(code.partition(":")[2]) if ":" in code else indicator
            for indicator, code in zip(indicators, codes, strict=True)
        ]
        question = Question((read_period(period, Rhythm(ZONE)),), AS_OF, ZONE, by)
        with engine.opened(self.facts.files(self.edition), self.folder) as connection:
            found = engine.counted(connection, asked(BOOK, chosen, question), len(by))
        return Figures(dict(zip(codes, chosen, strict=True)), found)

    def written(self, *codes: str, **asking: Any) -> dict[str, str]:
        found = self.figures(*codes, **asking)
        return {code: found.written(code) for code in codes}


@pytest.fixture
def facts(tmp_path: Path) -> Callable[[], Counter]:
    """Export the facts as of a moment."""
    return lambda: Counter(tmp_path)


def reported(desks: Desks, key: str, by: str = "hotline", channel: str = "12345", **more: Any) -> str:
    payload = {
        "channel": channel,
        "external_id": key,
        "text": "路面塌陷，张三丰来电",
        "lon": 120.05,
        "lat": 23.05,
        **more,
    }
    return receive(read(payload, current_city().calendar.time_zone, NOW), desks.people[by], NOW).number


def filed(desks: Desks, key: str, after: timedelta = MINUTE) -> str:
    number = reported(desks, key)
    desks.act(number, "accept", "operator", at=NOW + MINUTE, category="06013", district="671001")
    desks.act(number, "file", "duty", at=NOW + MINUTE + after)
    return number


def dispatched(desks: Desks, key: str, unit: str = "roads") -> str:
    number = filed(desks, key)
    desks.act(number, "dispatch", "dispatcher", at=NOW + 3 * MINUTE, unit=unit)
    return number


def finished(desks: Desks, number: str, at: datetime, handler: str = "roads") -> str:
    for action, who, given in TO_THE_END:
        desks.act(number, action, handler if who == "roads" else who, at=at, **given)
    return number


def photos() -> str:
    files = []
    for shade in range(2):
        file = BytesIO()
        Image.new("L", (8, 8), shade * 40).save(file, "PNG")
        files.append(evidence.take_in(file.getvalue(), "photos"))
    return " ".join(files)


def test_a_case_without_detours_was_on_time_everywhere(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = finished(desks, dispatched(desks, "A"), NOW + 3 * HOUR)
    found = facts()
    case = found.case(number)
    start = NOW.replace(tzinfo=None)
    assert (case["accepted_at"], case["filed_at"], case["closed_at"]) == (
        start + MINUTE,
        start + 2 * MINUTE,
        start + 3 * HOUR,
    )
    assert case["filing_due_at"] == start + 31 * MINUTE
    assert (case["department"], case["filed_post"], case["closed_post"]) == (
        "roads",
        "duty_officer@centre",
        "duty_officer@centre",
    )
    assert (case["raw_seconds"], case["counted_seconds"]) == (178 * 60, 118 * 60)  # noon to two is no working time
    (dispatch,) = found.tasks(number, "dispatch")
    assert (dispatch["sent_to"], dispatch["sent_back_at"], dispatch["post"]) == ("roads", None, "dispatcher@centre")
    codes = ("register", "intime_register", "dispatch", "intime_dispatch", "dispose", "intime_dispose", "archive")
    assert found.written(*codes, "intime_archive", "archive_in_time_rate") == dict.fromkeys(
        (*codes, "intime_archive"), "1"
    ) | {"archive_in_time_rate": "100.00%"}


def test_a_case_filed_too_late_is_filed_but_not_in_time(desks: Desks, facts: Callable[[], Counter]) -> None:
    filed(desks, "A", after=31 * MINUTE)
    filed(desks, "B", after=30 * MINUTE)
    assert facts().written("register", "need_register", "intime_register") == {
        "register": "2",
        "need_register": "2",
        "intime_register": "1",
    }


def test_a_case_that_was_only_reported_is_not_filed_and_has_no_person_of_the_city(
    desks: Desks, facts: Callable[[], Counter]
) -> None:
    number = reported(desks, "A")
    found = facts()
    case = found.case(number)
    assert (case["source_kind"], case["stage"], case["filed_at"], case["unit"]) == ("public", "reported", None, None)
    assert (case["post"], case["person"]) == (None, None)
    (task,) = found.tasks(number, "accept")
    assert (task["post"], task["person"], task["done_at"], task["counted_seconds"]) == ("operator@", None, None, None)
    assert found.written("public_report", "report", "register", "need_accept", "accept") == {
        "public_report": "1",
        "report": "0",
        "register": "0",
        "need_accept": "1",  # overdue and waiting
        "accept": "0",
    }


def test_a_dispatch_that_is_sent_back_counts_against_it_and_not_the_next_one(
    desks: Desks, facts: Callable[[], Counter]
) -> None:
    number = dispatched(desks, "A", "parks")
    desks.act(number, "return", "parks", at=NOW + 5 * MINUTE, reason="不属我单位")
    desks.act(number, "uphold_return", "duty", at=NOW + 6 * MINUTE)
    desks.act(number, "dispatch", "dispatcher", at=NOW + 7 * MINUTE, unit="roads")
    found = facts()
    first, second = found.tasks(number, "dispatch")
    back_at = (NOW + 6 * MINUTE).replace(tzinfo=None)
    assert (first["sent_to"], first["sent_back_at"]) == ("parks", back_at)
    assert (second["sent_to"], second["sent_back_at"]) == ("roads", None)
    assert [task["returned_at"] for task in found.tasks(number, "handle")] == [back_at, None]
    case = found.case(number)
    assert (case["dispatches"], case["reassignments"], case["department"]) == (2, 1, "roads")
    by_unit = found.figures("back", "dispatch", by=("department",))
    assert [by_unit.written("back", 0, (unit,)) for unit in ("parks", "roads")] == ["1", "0"]
    assert found.written("back", "dispatch", "accurate_dispatch") == {
        "back": "1",
        "dispatch": "2",
        "accurate_dispatch": "1",
    }


def test_a_groundless_return_and_more_time_concern_the_unit_that_asked(
    desks: Desks, facts: Callable[[], Counter]
) -> None:
    number = dispatched(desks, "A")
    desks.act(number, "return", "roads", at=NOW + 5 * MINUTE, reason="不属我单位")
    desks.act(number, "reject_return", "duty", at=NOW + 6 * MINUTE, reason="属你单位")
    desks.act(number, "ask_extension", "roads", at=NOW + 7 * MINUTE, reason="weather", note="雨")
    desks.act(number, "grant_extension", "dispatcher", at=NOW + 8 * MINUTE)
    found = facts()
    groundless, granted = (
        next(row for row in found.rows("events", number) if row["name"] == name)
        for name in ("ReturnRejected", "ExtensionGranted")
    )
    assert (groundless["unit"], groundless["own_unit"], groundless["task_kind"]) == (
        "roads",
        "centre",
        "confirm_return",
    )
    assert (granted["department"], granted["post"]) == ("roads", "dispatcher@centre")
    handle = found.tasks(number, "handle")[-1]
    assert (handle["extensions"], handle["limit_amount"], handle["limit_unit"]) == (1, 5, "work_day")
    assert handle["limit_seconds"] == 2 * 5 * 8 * 3600
    assert found.case(number)["reassignments"] == 0
    assert found.written("evade", "postpone", "back") == {"evade": "1", "postpone": "1", "back": "0"}


def test_a_failed_check_is_a_rework_and_not_handled(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = dispatched(desks, "A")
    desks.act(number, "report_back", "roads", at=NOW + HOUR, result="已修")
    desks.act(number, "rework", "collector", at=NOW + 2 * HOUR, reason="仍有坑洼")
    desks.act(number, "report_back", "roads", at=NOW + 3 * HOUR, result="已修")
    found = facts()
    wanting, good = found.tasks(number, "handle")
    assert (wanting["reworked_at"], good["reworked_at"]) == ((NOW + 2 * HOUR).replace(tzinfo=None), None)
    assert (found.case(number)["reworks"], found.case(number)["reassignments"]) == (1, 0)
    assert found.written("rework", "dispose", "dispose:times", "need_dispose") == {
        "rework": "1",
        "dispose": "1",
        "dispose:times": "2",
        "need_dispose": "1",
    }


def test_an_explanation_that_was_refused_handled_nothing(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = dispatched(desks, "A")
    given = {"reason": "outside", "explanation": "产权不明"}
    desks.act(number, "propose_explanation", "roads", at=NOW + HOUR, **given)
    proposed = facts()
    assert proposed.written("dispose", "rework") == {"dispose": "1", "rework": "0"}
    desks.act(number, "refuse_explanation", "duty", at=NOW + 2 * HOUR, reason="可以修")
    refused = Counter(proposed.folder / "refused")
    assert refused.written("dispose", "overdue_open", "rework") == {"dispose": "0", "overdue_open": "1", "rework": "0"}
    finished(desks, number, NOW + 9 * DAY)
    late = Counter(proposed.folder / "late")
    assert late.written("dispose", "intime_dispose", "dispose_in_time_rate") == {
        "dispose": "1",
        "intime_dispose": "0",
        "dispose_in_time_rate": "0.00%",
    }


def test_a_suspended_case_does_not_have_to_be_closed(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = dispatched(desks, "A")
    desks.act(number, "ask_hanging", "roads", at=NOW + HOUR, reason="season", note="春季补种")
    desks.act(number, "grant_hanging", "duty", at=NOW + 2 * HOUR, until="2026-12-21")
    found = facts()
    case = found.case(number)
    assert (case["hung_from"], case["hung_until"], case["due_at"]) == (
        (NOW + 2 * HOUR).replace(tzinfo=None),
        None,
        None,
    )
    assert [row["stage"] for row in found.rows("passages", number) if row["is_hung"]] == ["hung"]
    assert found.written("hang", "need_archive", "overdue_open") == {
        "hang": "1",
        "need_archive": "0",
        "overdue_open": "0",
    }
    desks.act(number, "resume", "dispatcher", at=NOW + 3 * HOUR)
    later = Counter(found.folder / "later").case(number)
    assert later["hung_until"] == (NOW + 3 * HOUR).replace(tzinfo=None) and later["due_at"] is not None


def test_a_voided_case_was_filed_and_no_longer_counts(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = dispatched(desks, "A")
    desks.act(number, "void", "duty", at=NOW + HOUR, reason="重复立案")
    found = facts()
    assert found.case(number)["voided_at"] == (NOW + HOUR).replace(tzinfo=None)
    (handle,) = found.tasks(number, "handle")
    assert (handle["done_at"], handle["outcome"], handle["post"]) == (None, None, "handler@roads")
    assert handle["open_until"] == (NOW + HOUR).replace(tzinfo=None)
    assert found.written("register", "cancel", "dispatch", "archive", "register_accuracy_rate") == {
        "register": "1",
        "cancel": "1",
        "dispatch": "0",
        "archive": "0",
        "register_accuracy_rate": "0.00%",
    }


def test_a_granted_appeal_takes_a_late_case_out_of_the_figures(desks: Desks, facts: Callable[[], Counter]) -> None:
    late = [finished(desks, dispatched(desks, key), NOW + 9 * DAY) for key in "AB"]
    before = facts()
    assert before.written("overtime_dispose", "dispose_in_time_rate") == {
        "overtime_dispose": "2",
        "dispose_in_time_rate": "0.00%",
    }
    desks.act(late[0], "appeal", "roads", at=NOW + 10 * DAY, grounds="当日停电")
    appeal = linked(late[0])[1]
    desks.act(appeal, "support_first", "dispatcher", at=NOW + 10 * DAY, finding="属实")
    desks.act(appeal, "support_second", "operator", at=NOW + 10 * DAY, finding="属实")
    notify_linked()
    found = Counter(before.folder / "later")
    assert [found.case(number)["is_exempt"] for number in late] == [True, False]
    assert found.case(appeal)["source_kind"] == "linked" and found.case(appeal)["origin"] == late[0]
    assert found.written("overtime_dispose", "register") == {"overtime_dispose": "1", "register": "2"}


def test_a_case_fixed_on_the_spot_counts_for_the_collector(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = reported(desks, "A", by="collector", channel="patrol", category="06012")
    given = {"category": "06012", "district": "671001", "result": "已清扫", "photos": photos()}
    desks.act(number, "handle_on_the_spot", "collector", at=NOW + MINUTE, **given)
    desks.act(number, "confirm_on_the_spot", "duty", at=NOW + 2 * MINUTE)
    found = facts()
    case = found.case(number)
    assert (case["is_self_handled"], case["post"], case["filed_post"]) == (True, *["collector@collectors"] * 2)
    assert case["person"] == case["filed_by"] == desks.people["collector"].account
    assert found.written("self_deal", "report", "valid_report", "intime_register", "error") == {
        "self_deal": "1",
        "report": "1",
        "valid_report": "1",
        "intime_register": "1",
        "error": "0",
    }


def test_a_case_doubted_on_the_spot_was_not_fixed_there(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = reported(desks, "A", by="collector", channel="patrol")
    given = {"category": "06012", "district": "671001", "result": "已清扫", "photos": photos()}
    desks.act(number, "handle_on_the_spot", "collector", at=NOW + MINUTE, **given)
    desks.act(number, "doubt_on_the_spot", "duty", at=NOW + 2 * MINUTE, reason="照片不符")
    assert facts().written("self_deal", "register", "intime_register") == {
        "self_deal": "0",
        "register": "1",
        "intime_register": "1",  # what is found on the spot is filed at once
    }


def test_a_collectors_report_that_was_corrected_or_refused_as_incomplete_was_wrong(
    desks: Desks, facts: Callable[[], Counter]
) -> None:
    right, other_class, other_place, incomplete = (
        reported(desks, key, by="collector", channel="patrol", category="06012") for key in "ABCD"
    )
    for number, category, district in (
        (right, "06012", "671001"),
        (other_class, "06013", "671001"),
        (other_place, "06012", "671002"),
    ):
        desks.act(number, "accept", "operator", at=NOW + MINUTE, category=category, district=district)
    desks.act(incomplete, "reject", "operator", at=NOW + MINUTE, reason="incomplete")
    found = facts()
    assert [found.case(number)["was_corrected"] for number in (right, other_class, other_place)] == [False, True, True]
    assert found.case(incomplete)["refusal"] == "incomplete"
    assert found.written("error", "error_rate") == {"error": "3", "error_rate": "75.00%"}


def test_a_verification_confirms_a_case_or_not_and_the_last_one_counts(
    desks: Desks, facts: Callable[[], Counter]
) -> None:
    number = reported(desks, "A")
    for minute, outcome in ((1, "not_so"), (10, "verified")):
        desks.act(number, "send_to_verify", "operator", at=NOW + minute * MINUTE)
        desks.act(number, outcome, "collector", at=NOW + (minute + 1) * MINUTE, finding="现场看过")
    found = facts()
    case = found.case(number)
    assert (case["verified_at"], case["unverified_at"]) == ((NOW + 11 * MINUTE).replace(tzinfo=None), None)
    assert found.written("verify", "intime_verify", "send_verify", "public_report_verified", "miss") == {
        "verify": "2",
        "intime_verify": "2",
        "send_verify": "2",
        "public_report_verified": "1",
        "miss": "1",
    }


def test_an_overdue_open_case_counts_against_its_unit(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = dispatched(desks, "A")
    assert "LimitPassed" in wake(number, NOW + 8 * DAY)
    found = facts()
    by_unit = found.figures("overdue_open", "need_dispose", by=("department", "post"))
    assert by_unit.written("overdue_open", 0, ("roads", "handler@roads")) == "1"
    passed = next(row for row in found.rows("events", number) if row["name"] == "LimitPassed")
    assert (passed["is_automatic"], passed["person"], passed["unit"]) == (True, None, "roads")
    assert found.written("overdue_open", "need_archive", "archive") == {
        "overdue_open": "1",
        "need_archive": "0",  # seven working days were not over in November
        "archive": "0",
    }


def test_a_case_opened_again_is_counted_as_open(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = finished(desks, dispatched(desks, "A"), NOW + HOUR)
    desks.act(number, "reopen", "duty", at=NOW + DAY, reason="问题反弹")
    desks.act(number, "dispatch", "dispatcher", at=NOW + DAY, unit="parks")
    found = facts()
    case = found.case(number)
    assert (case["reopenings"], case["closed_at"], case["closed_by"], case["reassignments"]) == (1, None, None, 1)
    assert (case["raw_seconds"], case["counted_seconds"]) == (None, None)
    assert found.written("register", "archive") == {"register": "1", "archive": "0"}


def test_stays_follow_each_other_without_a_gap_and_take_the_time_of_the_case(
    desks: Desks, facts: Callable[[], Counter]
) -> None:
    number = finished(desks, dispatched(desks, "A"), NOW + 4 * DAY)
    stays = facts().rows("passages", number)
    assert [stay["stage"] for stay in stays] == [
        "reported",
        "accepted",
        "filed",
        "handling",
        "checking",
        "checked",
        "closed",
    ]
    assert [stay["left_at"] for stay in stays[:-1]] == [stay["entered_at"] for stay in stays[1:]]
    assert [stay["left_by"] for stay in stays] == [
        "accept",
        "file",
        "dispatch",
        "report_back",
        "pass_check",
        "close",
        None,
    ]
    handling = stays[3]
    assert (handling["raw_seconds"], handling["limit_unit"]) == (4 * 86400 - 180, "work_day")
    assert handling["counted_seconds"] == 2 * 8 * 3600 - 180  # Friday and Monday, and Tuesday until ten


def test_supervision_of_a_case_is_not_a_filed_case(desks: Desks, facts: Callable[[], Counter]) -> None:
    number = dispatched(desks, "A")
    desks.act(number, "supervise", "leader", at=NOW + HOUR, unit="roads", order="限期办结", days="2")
    found = facts()
    order = found.case(linked(number)[1])
    assert (order["procedure"], order["filed_at"], order["department"]) == ("supervision-order", None, "roads")
    assert order["due_at"] is not None
    assert found.written("register", "need_register") == {"register": "1", "need_register": "1"}


def test_no_personal_data_gets_into_the_facts(desks: Desks, facts: Callable[[], Counter]) -> None:
    reporter = {"name": "张三丰", "phone": "13800001234"}
    number = reported(desks, "K-7788", address="长江路1号", reporter=reporter)
    desks.act(number, "accept", "operator", at=NOW, category="06013", district="671001", note="李四在场")
    found = facts()
    rows = str([found.rows(name, number) for name in FACTS])
    assert "CaseAccepted" in rows
    for words in ("张三丰", "13800001234", "长江路", "李四", "K-7788", "路面塌陷"):
        assert words not in rows
