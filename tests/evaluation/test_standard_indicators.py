"""Every count and ratio of the pack for GB/T 30428.4, run in DuckDB and compared with a plain count of its rows."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from cityloop.core.indicators.indicator import NOTHING, Indicator
from cityloop.evaluation.indicators.figures import Figures, asked
from cityloop.evaluation.indicators.texts import IndicatorBook, read_book
from cityloop.evaluation.measures.compiling import Question, rows_counted
from cityloop.evaluation.measures.engine import counted, opened
from cityloop.evaluation.periods import Rhythm, read_period
from cityloop.registry.packs.reading import SHIPPED
from fact_rows import ZONE, drawn, stored

RHYTHM = Rhythm(ZONE)
JUNE = read_period("2026-06", RHYTHM)
AS_OF = datetime(2026, 8, 1, tzinfo=UTC)
BOOK = read_book(SHIPPED / "gbt30428-4")
HANDLED = ("report_back", "propose_explanation", "transfer")

Row = SimpleNamespace


class In:
    """A period in plain Python."""

    def __init__(self, start: datetime, end: datetime) -> None:
        self.start, self.end = (moment.astimezone(UTC).replace(tzinfo=None) for moment in (start, end))

    def __call__(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    def past(self, moment: datetime | None) -> bool:
        return moment is not None and moment < self.end

    def overdue(self, row: Row) -> bool:
        return self.past(row.due_at) and not self.past(row.open_until)


def by(moment: datetime | None, limit: datetime | None) -> bool:
    return moment is not None and limit is not None and moment <= limit


def after(moment: datetime | None, limit: datetime | None) -> bool:
    return moment is not None and limit is not None and moment > limit


def did(kind: str, *outcomes: str) -> Callable[[Row, In], bool]:
    return lambda t, p: t.kind == kind and p(t.done_at) and (not outcomes or t.outcome in outcomes)


def in_time(kind: str, *outcomes: str) -> Callable[[Row, In], bool]:
    return lambda t, p: did(kind, *outcomes)(t, p) and by(t.done_at, t.due_at)


def ought(kind: str, *outcomes: str) -> Callable[[Row, In], bool]:
    return lambda t, p: did(kind, *outcomes)(t, p) or (t.kind == kind and p.overdue(t))


def stood(t: Row, p: In) -> bool:
    return t.kind == "handle" and t.outcome in HANDLED and not p.past(t.undone_at)


def closed(c: Row, p: In) -> bool:
    return c.filed_at is not None and p(c.closed_at)


# What each count means, once more in Python: (relation, which rows).
MEANT: dict[str, tuple[str, Callable[[Any, In], bool]]] = {
    "report": ("cases", lambda c, p: c.source_kind == "collector" and p(c.reported_at)),
    "valid_report": (
        "cases",
        lambda c, p: c.source_kind == "collector" and p(c.reported_at) and c.filed_at is not None,
    ),
    "valid_report:accepted": (
        "cases",
        lambda c, p: c.source_kind == "collector" and p(c.reported_at) and c.accepted_at is not None,
    ),
    "public_report": ("cases", lambda c, p: c.source_kind == "public" and p(c.reported_at)),
    "public_report_verified": (
        "cases",
        lambda c, p: c.source_kind == "public" and p(c.reported_at) and c.verified_at is not None,
    ),
    "public_report_verified:filed": (
        "cases",
        lambda c, p: c.source_kind == "public" and p(c.reported_at) and bool(c.verified_at or c.filed_at),
    ),
    "accept": ("tasks", did("accept", "accept")),
    "need_accept": ("tasks", ought("accept", "accept")),
    "intime_accept": ("tasks", in_time("accept", "accept")),
    "need_verify": ("tasks", ought("verify")),
    "verify": ("tasks", did("verify")),
    "intime_verify": ("tasks", in_time("verify")),
    "send_verify": ("tasks", did("accept", "send_to_verify")),
    "intime_send_verify": ("tasks", in_time("accept", "send_to_verify")),
    "self_deal": ("cases", lambda c, p: bool(c.is_self_handled) and p(c.filed_at)),
    "miss": (
        "cases",
        lambda c, p: (
            (c.source_kind == "public" and p(c.verified_at)) or (c.source_kind == "inspection" and p(c.filed_at))
        ),
    ),
    "error": (
        "cases",
        lambda c, p: (
            c.source_kind == "collector" and p(c.reported_at) and bool(c.was_corrected or c.refusal == "incomplete")
        ),
    ),
    "register": ("cases", lambda c, p: p(c.filed_at)),
    "need_register": (
        "cases",
        lambda c, p: p(c.filed_at) or (p.past(c.filing_due_at) and not p.past(c.filed_at) and not p.past(c.closed_at)),
    ),
    "intime_register": (
        "cases",
        lambda c, p: p(c.filed_at) and bool(c.filing_due_at is None or by(c.filed_at, c.filing_due_at)),
    ),
    "cancel": ("cases", lambda c, p: p(c.voided_at) and c.filed_at is not None),
    "cancel:of_filed": ("cases", lambda c, p: p(c.filed_at) and c.voided_at is not None),
    "need_dispatch": ("tasks", ought("dispatch")),
    "dispatch": ("tasks", did("dispatch")),
    "intime_dispatch": ("tasks", in_time("dispatch")),
    "back": ("tasks", lambda t, p: t.kind == "dispatch" and p(t.sent_back_at)),
    "need_dispose": (
        "tasks",
        lambda t, p: (stood(t, p) and p(t.done_at)) or (t.kind == "handle" and p.overdue(t)),
    ),
    "need_dispose:by_due": (
        "tasks",
        lambda t, p: (
            t.kind == "handle" and p(t.due_at) and ((stood(t, p) and p.past(t.done_at)) or not p.past(t.open_until))
        ),
    ),
    "dispose": ("tasks", lambda t, p: stood(t, p) and p(t.done_at)),
    "dispose:times": ("tasks", did("handle", *HANDLED)),
    "dispose:by_due": ("tasks", lambda t, p: stood(t, p) and p(t.due_at) and p.past(t.done_at)),
    "intime_dispose": ("tasks", lambda t, p: stood(t, p) and p(t.done_at) and by(t.done_at, t.due_at)),
    "intime_dispose:by_due": ("tasks", lambda t, p: stood(t, p) and p(t.due_at) and by(t.done_at, t.due_at)),
    "overtime_dispose": ("tasks", lambda t, p: stood(t, p) and p(t.done_at) and after(t.done_at, t.due_at)),
    "no_limit_dispose": ("tasks", lambda t, p: stood(t, p) and p(t.done_at) and t.due_at is None),
    "overdue_open": ("tasks", lambda t, p: t.kind == "handle" and p.overdue(t)),
    "rework": ("tasks", lambda t, p: t.kind == "handle" and p(t.reworked_at)),
    "evade": ("events", lambda e, p: e.name in ("ReturnRejected", "CaseAssigned") and p(e.happened_at)),
    "postpone": ("events", lambda e, p: e.name == "ExtensionGranted" and p(e.happened_at)),
    "hang": ("passages", lambda s, p: bool(s.is_hung) and p(s.entered_at)),
    "hang:standing": ("passages", lambda s, p: bool(s.is_hung) and p.past(s.entered_at) and not p.past(s.left_at)),
    "send_check": ("tasks", ought("send_check")),
    "intime_send_check": ("tasks", in_time("send_check")),
    "need_check": ("tasks", ought("check")),
    "check": ("tasks", did("check")),
    "intime_check": ("tasks", in_time("check")),
    "need_close": ("tasks", ought("close")),
    "intime_close": ("tasks", in_time("close")),
    "need_archive": (
        "cases",
        lambda c, p: (
            closed(c, p) or (c.filed_at is not None and p.past(c.due_at) and not p.past(c.closed_at))
        ),
    ),
    "need_archive:by_due": ("cases", lambda c, p: c.filed_at is not None and p(c.due_at)),
    "archive": ("cases", closed),
    "archive:by_due": ("cases", lambda c, p: c.filed_at is not None and p(c.due_at) and p.past(c.closed_at)),
    "intime_archive": ("cases", lambda c, p: closed(c, p) and by(c.closed_at, c.due_at)),
    "intime_archive:by_due": (
        "cases",
        lambda c, p: c.filed_at is not None and p(c.due_at) and by(c.closed_at, c.due_at),
    ),
    "overtime_archive": ("cases", lambda c, p: closed(c, p) and after(c.closed_at, c.due_at)),
    "no_limit_archive": ("cases", lambda c, p: closed(c, p) and c.due_at is None),
    "return_visit": ("cases", lambda c, p: p(c.revisited_at)),
    "satisfied": ("cases", lambda c, p: p(c.revisited_at) and bool(c.is_satisfied)),
}  # fmt: skip
LEFT_OUT: dict[str, Callable[[Any, In], bool]] = {
    "voided": lambda row, p: row.voided_at is not None,
    "exempt": lambda row, p: bool(row.is_exempt),
    "hung": lambda row, p: p.past(row.hung_from) and not p.past(row.hung_until),
}

# The ratios as standards have them: numerator, denominator; a variant after the dot.
FORMULAS = {
    "accurate_dispatch": ("dispatch - back", ""),
    "public_report_rate": ("public_report_verified", "register"),
    "public_report_rate.of_reports": ("public_report", "report + public_report"),
    "valid_public_report_rate": ("public_report_verified", "public_report"),
    "valid_public_report_rate.filed": ("public_report_verified:filed", "public_report"),
    "valid_report_rate": ("valid_report", "report"),
    "valid_report_rate.accepted": ("valid_report:accepted", "report"),
    "accept_in_time_rate": ("intime_accept", "need_accept"),
    "register_rate": ("register", "need_register"),
    "register_rate.accepted": ("register", "accept"),
    "register_rate.reported": ("register", "report + public_report"),
    "register_in_time_rate": ("intime_register", "register"),
    "register_accuracy_rate": ("register - cancel", "register"),
    "register_accuracy_rate.of_filed": ("register - cancel:of_filed", "register"),
    "dispatch_rate": ("dispatch", "need_dispatch"),
    "dispatch_in_time_rate": ("intime_dispatch", "need_dispatch"),
    "dispatch_accuracy_rate": ("need_dispatch - back", "need_dispatch"),
    "dispose_rate": ("dispose", "need_dispose"),
    "dispose_rate.by_due": ("dispose:by_due", "need_dispose:by_due"),
    "dispose_in_time_rate": ("intime_dispose", "need_dispose"),
    "dispose_in_time_rate.by_due": ("intime_dispose:by_due", "need_dispose:by_due"),
    "dispose_in_time_rate.limited": ("intime_dispose", "intime_dispose + overtime_dispose"),
    "dispose_late_rate": ("overtime_dispose", "need_dispose"),
    "overdue_open_rate": ("overdue_open", "need_dispose"),
    "archive_rate": ("archive", "need_archive"),
    "archive_rate.by_due": ("archive:by_due", "need_archive:by_due"),
    "archive_in_time_rate": ("intime_archive", "need_archive"),
    "archive_in_time_rate.by_due": ("intime_archive:by_due", "need_archive:by_due"),
    "archive_in_time_rate.limited": ("intime_archive", "intime_archive + overtime_archive"),
    "archive_late_rate": ("overtime_archive", "need_archive"),
    "not_archived_rate": ("register - archive", "report"),
    "not_archived_rate.of_filed": ("register - archive", "register"),
    "rework_rate": ("rework", "need_archive"),
    "rework_rate.of_handling": ("rework", "need_dispose"),
    "rework_rate.cases": ("rework:cases", "need_archive"),
    "postpone_rate": ("postpone", "need_dispose"),
    "evade_rate": ("evade", "dispatch"),
    "hang_rate": ("hang", "register"),
    "hang_rate.standing": ("hang:standing", "register"),
    "miss_rate": ("miss", "register"),
    "miss_rate.of_found": ("miss", "miss + valid_report"),
    "error_rate": ("error", "report"),
    "verify_in_time_rate": ("intime_verify", "need_verify"),
    "check_in_time_rate": ("intime_check", "need_check"),
    "send_verify_in_time_rate": ("intime_send_verify", "send_verify"),
    "send_check_in_time_rate": ("intime_send_check", "send_check"),
    "close_in_time_rate": ("intime_close", "need_close"),
    "satisfaction_rate": ("satisfied", "return_visit"),
}
GROUPS = {"area": "district", "department": "department", "post": "post", "person": "person"}


def all_variants(book: IndicatorBook) -> dict[str, Indicator]:
    """Return every indicator and every variant of one, by code or code.variant."""
    found = dict(book.indicators)
    for code, indicator in book.indicators.items():
        found |= {f"{code}.{name}": indicator.chosen(name) for name in indicator.variants}
    return found


VARIANTS = all_variants(BOOK)
ROWS = drawn(4)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("facts")
    with opened(stored(folder, ROWS), folder, memory_mb=256, threads=1) as connection:
        yield connection


def figures(engine: Any, chosen: dict[str, Indicator], question: Question) -> Figures:
    return Figures(chosen, counted(engine, asked(BOOK, chosen.values(), question), len(question.by)))


def plainly(count: str, excludes: tuple[str, ...], period: In, group: str | None) -> Counter[str | None]:
    """Count the rows one by one, by a grouping."""
    declared = BOOK.counts[count]
    name, meant = MEANT.get(count) or MEANT["rework"]
    rows = [r for r in ROWS[name] if meant(r, period) and not any(LEFT_OUT[e](r, period) for e in excludes)]
    column = declared.columns.get(group, group) if group else None
    keys = [getattr(row, column) if column else None for row in rows]
    if count == "rework:cases":
        return Counter(key for key, _ in {(key, row.case_number) for key, row in zip(keys, rows, strict=True)})
    return Counter(keys)


def test_every_count_has_a_meaning_here_and_every_ratio_a_formula() -> None:
    assert set(BOOK.counts) == set(MEANT) | {"rework:cases"}
    assert {name for name in VARIANTS if name.partition(".")[0] not in BOOK.counts} == set(FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_ratio_is_what_the_standard_divides(name: str) -> None:
    sums = (VARIANTS[name].numerator, VARIANTS[name].denominator)
    sums_text = [
        "".join(f" {'-' if t.sign < 0 else '+'} {t.count}" for t in terms).removeprefix(" + ") for terms in sums
    ]
    assert tuple(sums_text) == FORMULAS[name]


@pytest.mark.parametrize("subject", [None, *GROUPS])
@pytest.mark.parametrize("words", ["2026-06", "2026-06-19..2026-07-18", "2026-06-19T12:00..2026-06-20T12:00", "2026"])
def test_every_figure_is_what_counting_the_rows_one_by_one_gives(engine: Any, subject: str | None, words: str) -> None:
    period = read_period(words, RHYTHM)
    group = GROUPS[subject] if subject else None
    chosen = {
        name: indicator for name, indicator in VARIANTS.items() if subject is None or subject in indicator.subjects
    }
    found = figures(engine, chosen, Question((period,), AS_OF, ZONE, (group,) if group else ()))
    plain = In(period.start, min(period.end, AS_OF))
    for name, indicator in chosen.items():
        counts = {term.count: plainly(term.count, indicator.excludes, plain, group) for term in indicator.terms}
        for key in {key for each in counts.values() for key in each} | {"nobody" if group else None}:
            above = sum(term.sign * counts[term.count][key] for term in indicator.numerator)
            below = (
                sum(term.sign * counts[term.count][key] for term in indicator.denominator)
                if indicator.denominator
                else None
            )
            tally = found.tally(name, 0, (key,) if group else ())
            assert (tally.numerator, tally.denominator) == (above, below), (name, key)


def test_the_drawn_facts_have_rows_for_every_count(engine: Any) -> None:
    found = figures(engine, VARIANTS, Question((JUNE,), AS_OF, ZONE))
    assert [
        name for name in BOOK.counts if "." not in name and ":" not in name and not found.tally(name).numerator
    ] == []


def test_where_there_was_nothing_to_count_a_dash_is_shown_and_a_count_is_zero(engine: Any) -> None:
    found = figures(engine, VARIANTS, Question((read_period("2019", RHYTHM),), AS_OF, ZONE))
    for name, indicator in VARIANTS.items():
        assert found.written(name) == (NOTHING if indicator.denominator else "0")


def test_a_period_that_still_runs_ends_with_the_facts(engine: Any) -> None:
    noon = datetime(2026, 6, 15, 4, tzinfo=UTC)
    found = figures(engine, VARIANTS, Question((JUNE,), noon, ZONE))
    for name in ("overdue_open", "need_archive", "register"):
        counts = plainly(name, VARIANTS[name].excludes, In(JUNE.start, noon), None)
        assert found.tally(name).numerator == counts.total()


@pytest.mark.parametrize("group", ["district", "category", "source", "department"])
def test_objects_that_share_nothing_add_up_to_the_total(engine: Any, group: str) -> None:
    able = {
        name: indicator
        for name, indicator in VARIANTS.items()
        if BOOK.adds(indicator).objects and (group != "department" or "department" in indicator.subjects)
    }
    whole = figures(engine, able, Question((JUNE,), AS_OF, ZONE))
    parts = figures(engine, able, Question((JUNE,), AS_OF, ZONE, (group,)))
    assert set(VARIANTS) - set(able) >= {"rework.cases", "rework_rate.cases"}
    for name in able:
        tallies = [parts.tally(name, 0, key) for key in parts.keys]
        assert sum(tallies[1:], start=tallies[0]) == whole.tally(name), name


def test_months_add_up_to_the_quarter_where_they_may_and_not_elsewhere(engine: Any) -> None:
    months = tuple(read_period(words, RHYTHM) for words in ("2026-05", "2026-06", "2026-07"))
    quarter = read_period("2026-05-01..2026-07-31", RHYTHM)
    late = datetime(2027, 1, 1, tzinfo=UTC)
    parts, whole = (figures(engine, VARIANTS, Question(each, late, ZONE)) for each in (months, (quarter,)))
    not_adding = set()
    for name, indicator in VARIANTS.items():
        tallies = [parts.tally(name, number) for number in range(3)]
        if sum(tallies[1:], start=tallies[0]) != whole.tally(name):
            not_adding.add(name)
            assert not BOOK.adds(indicator).periods, name
    assert {"overdue_open", "need_dispose", "need_archive"} <= not_adding


def test_figures_can_be_filtered_to_what_somebody_may_see(engine: Any) -> None:
    question = Question((JUNE,), AS_OF, ZONE, ("district",), {"district": ("490101", None)})
    found = figures(engine, {"register": VARIANTS["register"]}, question)
    assert found.keys == (("490101",), (None,))
    nobody = Question((JUNE,), AS_OF, ZONE, ("district",), {"district": ()})
    assert figures(engine, {"register": VARIANTS["register"]}, nobody).keys == ()


@pytest.mark.parametrize("count", [count for count in BOOK.counts if count != "rework:cases"])
def test_the_rows_behind_a_figure_are_the_figure(engine: Any, count: str) -> None:
    excludes = ("voided",)
    counting = BOOK.counting(count, excludes)
    statement = rows_counted(counting, Question((JUNE,), AS_OF, ZONE, only={"district": ("490101",)}))
    rows = engine.execute(statement.duckdb).fetchall()
    expected = plainly(count, excludes, In(JUNE.start, JUNE.end), "district")["490101"]
    assert sum(Fraction(amount) for *_, amount in rows) == len(rows) == expected


def test_the_rows_behind_a_count_of_distinct_cases_have_every_case(engine: Any) -> None:
    statement = rows_counted(BOOK.counting("rework:cases", ()), Question((JUNE,), AS_OF, ZONE))
    rows = engine.execute(statement.duckdb).fetchall()
    assert len({number for number, *_ in rows}) == plainly("rework:cases", (), In(JUNE.start, JUNE.end), None).total()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_indicator_says_how_it_is_calculated(language: str) -> None:
    for name, indicator in VARIANTS.items():
        words = BOOK.formula(indicator, language)
        assert all(BOOK.counts[term.count].title[language] in words for term in indicator.terms), name
        assert all(BOOK.exclusions[excluded][language] in words for excluded in indicator.excludes), name


def test_the_formula_of_a_ratio_and_of_a_variant_read_as_people_write_them() -> None:
    assert BOOK.formula(VARIANTS["register_accuracy_rate"], "zh") == "准确立案率 = （立案数 − 作废数） ÷ 立案数 × 100%"
    assert BOOK.formula(VARIANTS["rework_rate.cases"], "zh") == (
        "返工率 = 返工数（以案件计） ÷ 应结案数 × 100%（不计：作废、申诉免责、挂账中）"
    )
    assert BOOK.formula(VARIANTS["verify"], "en") == "Verified: Verifications that collectors did"


def test_counts_of_closings_are_titled_as_closings_because_a_case_may_be_closed_twice() -> None:
    for code in ("need_close", "intime_close"):
        title = BOOK.indicators[code].title
        assert "次数" in title["zh"] and title["en"].startswith("Closings")
    assert "次" not in BOOK.indicators["need_archive"].title["zh"]  # counts cases
