"""Indicators as people write them: every error has file, line and field."""

from pathlib import Path

import pytest

from cityloop.core.errors import Invalid
from cityloop.core.indicators.indicator import Better, FigureUnit, Subject, Term
from cityloop.evaluation.indicators.texts import NotASum, read_book, read_terms

TEXT = """\
standard: ours
exclusions:
  voided: {title: {zh: 作废, en: voided}, when: voided_at IS NOT NULL}
counts:
  filed:
    title: {zh: 立案数, en: Filed}
    meaning: {zh: 立案的, en: Cases filed}
    sql: SELECT count(*) FROM cases WHERE in_period(filed_at)
    columns: {post: filed_post, person: filed_by}
    subjects: [area, person]
  finished:
    title: {zh: 结案数, en: Closed}
    meaning: {zh: 结案的, en: Cases closed}
    sql: SELECT count(*) FROM cases WHERE in_period(closed_at)
    excludes: [voided]
    subjects: [area]
    variants:
      all:
        title: {zh: 全部, en: all}
        sql: SELECT count(*) FROM cases WHERE closed_at < period_end
indicators:
  rate:
    title: {zh: 结案率, en: Share closed}
    numerator: finished
    denominator: filed
    excludes: [voided]
    subjects: [area]
    better: more
    places: 1
    variants:
      all:
        title: {zh: 全部, en: all}
        numerator: finished:all
  open:
    title: {zh: 未结, en: Open}
    numerator: filed - finished
    subjects: [area]
    better: less
"""


def written(folder: Path, text: str) -> Path:
    (folder / "indicators.yaml").write_text(text, "utf-8")
    return folder


def test_indicators_are_read_as_they_are_written(tmp_path: Path) -> None:
    book = read_book(written(tmp_path, TEXT))
    assert list(book.counts) == ["filed", "finished", "finished:all"]
    assert list(book.indicators) == ["filed", "finished", "rate", "open"]
    rate = book.indicators["rate"]
    assert (rate.unit, rate.places, rate.better) == (FigureUnit.PERCENT, 1, Better.MORE)
    assert (rate.numerator, rate.denominator, rate.excludes) == ((Term("finished"),), (Term("filed"),), ("voided",))
    assert rate.chosen("all").numerator == (Term("finished:all"),)
    assert (book.indicators["open"].unit, book.indicators["open"].denominator) == (FigureUnit.COUNT, ())
    assert book.indicators["filed"].subjects == (Subject.AREA, Subject.PERSON)
    assert book.counting("filed", ("voided",)).column("person") == "filed_by"
    assert {indicator.clause for indicator in book.indicators.values()} == {"ours"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" WHERE in_period(filed_at)", "", "indicators.yaml:8 counts.filed.sql: Line 1, column 1: SELECT count(*)"),
        ("in_period(filed_at)", "filed > 1", "counts.filed.sql: Line 1, column 34: filed: cases has no column filed"),
        ("closed_at < period_end", "closed < 1", "indicators.yaml:20 counts.finished.variants.all.sql: Line 1"),
        ("{post: filed_post, person: filed_by}", "{person: filed_at}", "indicators.yaml:9 counts.filed.columns: Fig"),
        ("FROM cases WHERE in_period(filed_at)", "FROM passages WHERE in_period(left_at)", "grouped by filed_by"),
        ("{post: filed_post, person: filed_by}", "{}", None),
        ("    subjects: [area]\n    variants:\n      all:\n        title: {zh: 全部, en: all}\n        sql",
         "    subjects: [area, city]\n    variants:\n      all:\n        title: {zh: 全部, en: all}\n        sql",
         "indicators.yaml:16 counts.finished.subjects.1"),
        ("when: voided_at IS NOT NULL", "when: filed_at IS NULL", "indicators.yaml:3 exclusions.voided.when: Line 1"),
        ("when: voided_at IS NOT NULL", "when: is_exempt OR", "exclusions.voided.when: Line 1"),
        ("numerator: finished\n", "numerator: finish\n", "indicators.yaml:24 indicators.rate.numerator: There is"),
        ("numerator: finished:all", "numerator: finished:none", "indicators.rate.variants.all.numerator: There is no"),
        ("filed - finished", "filed finished", "indicators.open.numerator: Counts are joined by + and -"),
        ("filed - finished", "filed * 2", "indicators.open.numerator: Counts are joined"),
        ("filed - finished", "''", "The mistake is at column 1"),
        ("    excludes: [voided]\n    subjects: [area]\n    better",
         "    excludes: [void]\n    subjects: [area]\n    better",
         "indicators.yaml:26 indicators.rate.excludes: There is no exclusion void. Known are: voided"),
        ("    subjects: [area]\n    better: more", "    subjects: [person]\n    better: more",
         "indicators.rate.numerator: finished is not a count for person"),
        ("  open:\n", "  filed:\n", "indicators.yaml:35 indicators.filed: There is a count with this code"),
        ("  finished:\n", "  closed_at:\n", "counts.closed_at: This is the name of a column"),
        ("    better: less\n", "    better: best\n", "indicators.open.better"),
        ("    better: less\n", "    better: less\n    best: yes\n", "indicators.yaml:39 indicators.open.best: This is"),
        ("{zh: 结案率, en: Share closed}", "{zh: 结案率}", "indicators.rate.title"),
        ("places: 1", "places: 9", "indicators.rate.places"),
        ("standard: ours\n", "", "standard: This must be filled in."),
    ],
)  # fmt: skip
def test_every_error_has_its_place(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    assert TEXT.count(old) >= 1
    folder = written(tmp_path, TEXT.replace(old, new, 1))
    if message is None:
        assert read_book(folder)
        return
    with pytest.raises(Invalid) as refused:
        read_book(folder)
    assert message in refused.value.sentence


def test_all_errors_of_the_counts_are_reported_at_once(tmp_path: Path) -> None:
    text = TEXT.replace("in_period(filed_at)", "filed > 1").replace("in_period(closed_at)", "closed > 1")
    with pytest.raises(Invalid) as refused:
        read_book(written(tmp_path, text))
    assert [fault.field for fault in refused.value.faults] == [
        "indicators.yaml:8 counts.filed.sql",
        "indicators.yaml:14 counts.finished.sql",
    ]


def test_a_folder_without_indicators_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"indicators\.yaml"):
        read_book(tmp_path)


def test_sums_of_counts_are_read() -> None:
    assert read_terms("a - b:c + d") == (Term("a"), Term("b:c", -1), Term("d"))
    for text, column in {"": 1, "- a": 1, "a -": 3, "a - - b": 3, "a / b": 3, "2": 1, "a b": 3}.items():
        with pytest.raises(NotASum) as refused:
            read_terms(text)
        assert refused.value.column == column
