"""Doubts about the areas of a city are found for a level, or for a part of it if it has too many areas."""

from datetime import date

import pytest
from shapely.geometry import box

from cityloop.core.place.areas import AreaLayout, AreaLocator
from cityloop.registry.areas.imports import doubts as area_doubts
from cityloop.registry.areas.imports.doubts import of_layout, scopes
from cityloop.registry.city.facts import AreaFacts


def layout(*areas: tuple[str, str, str | None, tuple[float, float, float, float]]) -> AreaLayout:
    facts = {code: AreaFacts(code, code, level, parent) for code, level, parent, _ in areas}
    shapes = {code: box(*bounds).wkb for code, *_, bounds in areas}
    return AreaLocator(facts, shapes).on(date(2026, 1, 1))


CITY = (
    ("d", "district", None, (120.0, 23.0, 120.4, 23.1)),
    ("a", "community", "d", (120.0, 23.0, 120.1, 23.1)),
    ("b", "community", "d", (120.09, 23.0, 120.2, 23.1)),
    ("c", "community", "d", (120.2, 23.0, 120.35, 23.11)),
    ("a1", "unit_grid", "a", (120.0, 23.0, 120.1, 23.05)),
    ("a2", "unit_grid", "a", (120.0, 23.05, 120.1, 23.1)),
    ("b1", "unit_grid", "b", (120.09, 23.0, 120.2, 23.1)),
    ("c1", "unit_grid", "c", (120.2, 23.0, 120.3, 23.11)),
)


def kinds(found: AreaLayout, level: str, within: str = "") -> dict[str, list[tuple[str, ...]]]:
    codes: dict[str, list[tuple[str, ...]]] = {}
    for doubt in of_layout(found, level, within):
        codes.setdefault(doubt.kind, []).append(doubt.piece.codes)
    return codes


def test_a_level_is_compared_with_itself_and_the_areas_around() -> None:
    assert kinds(layout(*CITY), "community") == {
        "overlap": [("a", "b")], "outside": [("c", "d")], "uncovered": [("d",)]
    }  # fmt: skip
    assert kinds(layout(*CITY), "district") == {}


def test_the_smallest_level_shows_what_it_does_not_cover_of_its_communities() -> None:
    assert kinds(layout(*CITY), "unit_grid") == {
        "overlap": [("a1", "b1"), ("a2", "b1")],
        "uncovered": [("c",)],
    }


def test_if_a_level_has_too_many_areas_one_part_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = layout(*CITY)
    assert scopes(found, "unit_grid") == []
    monkeypatch.setattr(area_doubts, "MOST", 2)
    assert scopes(found, "unit_grid") == ["a", "b", "c"]
    assert kinds(found, "unit_grid", "c") == {"uncovered": [("c",)]} and kinds(found, "unit_grid", "a") == {}


def test_grids_of_another_kind_may_leave_gaps_but_do_not_overlap() -> None:
    found = layout(
        CITY[0],
        ("P", "patrol_grid", "d", (120.0, 23.0, 120.1, 23.1)),
        ("Q", "patrol_grid", "d", (120.05, 23.0, 120.2, 23.1)),
    )
    assert kinds(found, "patrol_grid") == {"overlap": [("P", "Q")]}
