"""Figures about fines, penalties, petitions and the use of apps are statistics: no rank, no score, no better."""

from pathlib import Path

import pytest

from cityloop.core.errors import Fault, Invalid
from cityloop.entry.console import opening
from cityloop.evaluation.indicators.books import read_books
from cityloop.evaluation.indicators.texts import read_book
from cityloop.registry.packs import reading
from cityloop.registry.packs.actions import take_up
from cityloop.registry.packs.reading import read_all
from example import NOW

COUNT = """\
  {code}:
    title: {{zh: {title}, en: x}}
    meaning: {{zh: 示范路上的, en: x}}
    sql: SELECT count(*) FROM cases WHERE in_period(filed_at)
    subjects: [area]
"""
USE, ABOUT = "    use: statistic\n", "    about: {}\n"


def count(code: str, title: str = "数", more: str = "") -> str:
    return COUNT.format(code=code, title=title) + more


def ratio(above: str, below: str = "", more: str = "", better: str = "neither") -> str:
    denominator = f"    denominator: {below}\n" if below else ""
    return (
        "indicators:\n  rate:\n    title: {zh: 率, en: r}\n"
        f"    numerator: {above}\n{denominator}    subjects: [area]\n    better: {better}\n{more}"
    )


def faults(folder: Path, *parts: str) -> list[tuple[str, str]]:
    (folder / "indicators.yaml").write_text("standard: ours\ncounts:\n" + "".join(parts), "utf-8")
    try:
        read_book(folder)
    except Invalid as error:
        return [(fault.field.partition(" ")[2], fault.code) for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("罚 款 额", "law-fines"),
        ("处罚数量", "law-penalties"),
        ("信访量", "law-petitions"),
        ("Ａｐｐ使用率", "law-app-use"),
    ],
)
def test_a_figure_is_refused_unless_it_is_a_statistic(tmp_path: Path, title: str, code: str) -> None:
    assert faults(tmp_path, count("a", title)) == [("counts.a.title", code)]
    assert faults(tmp_path, count("a", title, USE)) == []
    assert read_book(tmp_path).indicators["a"].is_statistic


@pytest.mark.parametrize("about", ["fines", "penalties", "petitions", "app_use"])
def test_a_count_declares_what_its_title_does_not_say(tmp_path: Path, about: str) -> None:
    assert faults(tmp_path, count("a", "执法量", ABOUT.format(about))) == [
        ("counts.a.title", f"law-{about.replace('_', '-')}")
    ]


def test_no_direction_of_a_statistic_is_better(tmp_path: Path) -> None:
    assert faults(tmp_path, count("a", "罚款额", USE + "    better: more\n")) == [
        ("counts.a.better", "statistic-better")
    ]


def test_a_variant_is_a_figure_as_well(tmp_path: Path) -> None:
    sql = "SELECT count(*) FROM cases WHERE in_period(closed_at)"
    variant = f"    variants:\n      v: {{title: {{zh: 罚款, en: v}}, sql: {sql}}}\n"
    assert faults(tmp_path, count("a", "数额", variant)) == [("counts.a.title", "law-fines")]


@pytest.mark.parametrize(
    ("about", "above", "below", "refused"),
    [
        ("petitions", "a", "", True),
        ("petitions", "a + b", "", True),
        ("petitions", "a", "b", True),  # petitions for each case
        ("petitions", "a", "a + b", False),  # a share of petitions
        ("petitions", "b", "a", False),  # the share that was settled
        ("penalties", "a", "b", True),
        ("penalties", "b", "a", False),
        ("fines", "a", "a + b", True),  # how much of the fines was collected
        ("fines", "b", "a", True),
    ],
)
def test_a_ratio_is_about_what_its_counts_are_about(
    tmp_path: Path, about: str, above: str, below: str, refused: bool
) -> None:
    counts = count("a", "执法量", ABOUT.format(about) + USE), count("b")
    expected = [("indicators.rate.title", f"law-{about}")] if refused else []
    assert faults(tmp_path, *counts, ratio(above, below)) == expected
    assert faults(tmp_path, *counts, ratio(above, below, USE)) == []


def test_a_variant_of_a_ratio_is_looked_at_as_well(tmp_path: Path) -> None:
    counts = count("a", "罚款额", USE), count("b")
    variant = "    variants: {v: {title: {zh: 另, en: v}, numerator: a}}\n"
    assert faults(tmp_path, *counts, ratio("b", "b", variant)) == [("indicators.rate.title", "law-fines")]


def test_a_file_that_names_a_campaign_names_its_basis(tmp_path: Path) -> None:
    assert faults(tmp_path, count("a", "示范路达标率")) == [("counts.a.title", "law-campaign")]
    basis = "legal_basis: 《创建示范活动管理办法》\n"
    assert faults(tmp_path, count("a", "示范路达标率"), basis) == []


def test_the_sentence_has_title_and_article(tmp_path: Path) -> None:
    faults(tmp_path, count("a", "罚款额"))
    with pytest.raises(Invalid, match=r"罚款额 counts money of penalties\. Article 74 of 行政处罚法"):
        read_book(tmp_path)


def test_a_pack_in_force_that_is_older_than_the_rule_is_refused_at_the_next_start(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fined").mkdir()
    (tmp_path / "fined" / "pack.yaml").write_text("name: fined\ntitle: {zh: 包, en: Pack}\n", "utf-8")
    faults(tmp_path / "fined", count("a", "罚款额"))
    take_up(packs := read_all(str(tmp_path)), "test", NOW)  # as a city without the rule did
    monkeypatch.setattr(reading, "read_all", lambda _: packs)
    with pytest.raises(Invalid, match="罚款额"):
        opening._take_up_packs()


def test_the_indicators_of_all_packs_are_read_and_all_faults_reported(tmp_path: Path) -> None:
    assert len(read_books(read_all())) >= 2
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pack.yaml").write_text(f"name: {name}\ntitle: {{zh: 包, en: Pack}}\n", "utf-8")
        faults(tmp_path / name, count("a", "罚款额"))
    with pytest.raises(Invalid) as refused:
        read_books(read_all(str(tmp_path)))
    assert refused.value.faults == tuple(
        Fault(f"{name}/indicators.yaml:4 counts.a.title", "law-fines", {"title": "罚款额"}) for name in ("one", "two")
    )
