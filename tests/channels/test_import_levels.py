"""`cityloop import areas` for every level and kind of grid: parents found, dates kept, ended codes refused."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from shapely.geometry import box, mapping
from shapely.geometry.base import BaseGeometry

from cityloop.entry.command_line import main
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.history.changes import undo
from cityloop.registry.models import Area, ChangeSet
from cityloop.runtime import clock

DISTRICT = box(119.30, 26.00, 119.34, 26.04)
WEST, EAST = box(119.30, 26.00, 119.32, 26.04), box(119.32, 26.00, 119.34, 26.04)
HALVES = {"350102001001": WEST, "350102001002": EAST}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    forget()


def bring_in(shapes: dict[str, BaseGeometry], words: str, *options: str, **further: Any) -> Result:
    """Import areas by code, each named by it; `further` are more properties, for one of them or for all."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "C": code,
                "N": f"名{code[-3:]}",
                **{name: value.get(code) if isinstance(value, dict) else value for name, value in further.items()},
            },
            "geometry": mapping(shape),
        }
        for code, shape in shapes.items()
    ]
    Path("areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    Path("map.yaml").write_text(words, encoding="utf-8")
    result = CliRunner().invoke(main, ["import", "areas", "areas.geojson", "--mapping", "map.yaml", *options])
    forget()
    return result


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def own(level: str, further: str = "") -> str:
    return f"{level}: {{code: C, name: N{further}}}\n"


def parent(code: str) -> str | None:
    return current_city().areas[code].parent


@pytest.fixture
def communities(db: None) -> None:
    done(bring_in({"350102": DISTRICT}, own("district")))
    done(bring_in(HALVES, own("community")))


def test_each_level_may_have_its_own_file_and_finds_its_parent_by_its_code(communities: None) -> None:
    assert {code: parent(code) for code in HALVES} == dict.fromkeys(HALVES, "350102")
    result = bring_in({"350102001001001": WEST}, own("unit_grid"))
    assert done(result) == "Unit grids 1.\n" and result.stderr == ""
    assert current_city().areas_at(119.31, 26.01) == {
        "unit_grid": "350102001001001", "community": "350102001001", "district": "350102"
    }  # fmt: skip


def test_streets_that_come_later_take_the_communities_in_between(communities: None) -> None:
    assert done(bring_in({"350102001": DISTRICT}, own("street"))) == "Streets 1, put into another area 2.\n"
    assert {code: parent(code) for code in HALVES} == dict.fromkeys(HALVES, "350102001")
    again = bring_in(HALVES, "district: {code: D}\n" + own("community"), D="350102")
    assert done(again) and parent("350102001001") == "350102001"
    assert current_city().areas_at(119.31, 26.01)["street"] == "350102001"


def test_areas_of_foreign_codes_find_their_parent_by_place_and_a_crossed_boundary_is_reported(db: None) -> None:
    done(bring_in({"w": WEST, "e": EAST}, own("district")))
    result = bring_in({"a": box(119.30, 26.0, 119.31, 26.01), "b": box(119.31, 26.01, 119.325, 26.02)}, own("street"))
    assert done(result) and (parent("a"), parent("b")) == ("w", "w")
    assert "street b: It crosses a boundary: 66.7% in w 名w, 33.3% in e 名e. It is put into the first." in result.stderr


def test_an_area_in_no_known_larger_area_is_reported(communities: None) -> None:
    result = bring_in({"far": box(120, 27, 120.01, 27.01)}, own("street"))
    assert "street far: It lies in no district that is known" in result.stderr and parent("far") is None


def test_larger_areas_are_dissolved_where_they_have_no_polygon_of_their_own(communities: None) -> None:
    words = "district: {code: D, name: DN}\nstreet: {code: S, name: SN}\n" + own("community")
    properties = {"D": "350103", "DN": "东区", "S": "350103001", "SN": "东街"}
    first, second = box(119.34, 26.0, 119.35, 26.04), box(119.35, 26.0, 119.36, 26.04)
    done(bring_in({"350103001001": first}, words, **properties))
    assert done(bring_in({"350103001002": second}, words, **properties)) == "Districts 1, streets 1, communities 1.\n"
    assert current_city().lineage("350103001001") == {
        "community": "350103001001", "street": "350103001", "district": "350103"
    }  # fmt: skip
    for point in ((119.345, 26.02), (119.355, 26.02)):
        assert current_city().layout().levels["district"].locate(*point) == "350103"


def test_a_larger_area_keeps_the_polygon_it_has(communities: None) -> None:
    done(bring_in({"350102001003": EAST}, "district: {code: D, name: DN}\n" + own("community"), D="350102", DN="新名"))
    assert current_city().areas["350102"].name == "新名"
    assert current_city().layout().levels["district"].locate(119.31, 26.01) == "350102"


def test_a_larger_area_without_a_name_must_be_known(communities: None) -> None:
    result = bring_in({"350199001001": EAST}, "district: {code: D}\n" + own("community"), D="350199")
    assert result.exit_code == 1 and "district 350199: It is not known. Import it first" in result.stderr


def test_a_breach_of_the_rules_of_unit_grids_is_reported_with_its_area(communities: None) -> None:
    # 0.01 degrees square: 1,001 m by 1,108 m there.
    grids = {
        "350102001001001": box(119.30, 26.00, 119.325, 26.04),
        "350102001001002": box(119.31, 26.03, 119.32, 26.04),
        "350102001002001": box(119.325, 26.00, 119.34, 26.03),
    }
    messages = bring_in(grids, own("unit_grid")).stderr
    assert "unit grid 350102001001001 名001: It lies outside 350102001001 名001 by 2,21" in messages
    assert "unit grid 350102001001001 名001: It overlaps 350102001001002 名002 by 1,10" in messages
    assert "350102001002 名002: 3,88" in messages and " lie in no unit grid" in messages
    assert "1 overlap of 1,10" in messages and "1 piece outside the area around of 2,21" in messages
    assert bring_in(grids, own("unit_grid") + "strict: true\n").exit_code == 1


def test_grids_of_another_kind_lie_across_and_have_any_area_for_parent(communities: None) -> None:
    words = "level: patrol_grid\narea: {code: C, name: N}\n"
    assert done(bring_in({"P1": box(119.31, 26, 119.33, 26.04)}, words)) == "Patrol grids 1.\n"
    assert parent("P1") == "350102"
    done(bring_in({"P2": box(119.30, 26, 119.31, 26.04)}, words))
    assert parent("P2") == "350102001001"
    done(bring_in({"P3": EAST}, words + "parent: {code: P}\n", P="350102"))
    assert parent("P3") == "350102"
    assert current_city().layout().grids_at(119.325, 26.01) == {"patrol_grid": ("P1", "P3")}
    assert "unit_grid" not in current_city().areas_at(119.325, 26.01)
    refused = bring_in({"P4": EAST}, words + "parent: {code: P}\n", P="nowhere")
    assert "patrol grid P4: Its parent nowhere is not known" in refused.stderr and refused.exit_code == 1


def test_an_undeclared_kind_of_grid_is_refused_with_the_declared_kinds(db: None) -> None:
    result = bring_in({"S1": EAST}, "level: cleaning_grid\narea: {code: C, name: N}\n")
    assert result.exit_code == 1 and "map.yaml:1 level: cleaning_grid is not a level" in result.stderr
    assert "patrol_grid, appraisal_grid, social_grid" in result.stderr


def test_a_pack_may_declare_a_kind_of_grid(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    (tmp_path / "packs" / "own").mkdir(parents=True)
    text = "name: own\ntitle: {zh: 本市, en: Own}\ngrid_kinds: {cleaning_grid: {zh: 保洁网格, en: Cleaning grids}}\n"
    (tmp_path / "packs" / "own" / "pack.yaml").write_text(text, encoding="utf-8")
    changed = settings.CITYLOOP.__class__(**{**vars_of(settings.CITYLOOP), "packs": str(tmp_path / "packs")})
    monkeypatch.setattr(settings, "CITYLOOP", changed)
    monkeypatch.setenv("CITYLOOP_PACKS", str(tmp_path / "packs"))
    forget()
    assert done(bring_in({"S1": EAST}, "level: cleaning_grid\narea: {code: C, name: N}\n"))
    assert current_city().areas["S1"].level == "cleaning_grid"


def vars_of(frozen: Any) -> dict[str, Any]:
    return {name: getattr(frozen, name) for name in frozen.__dataclass_fields__}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("level: street\n", "`level` needs `area` or `street`"),
        ("area: {code: C}\n", "`area` needs `level`"),
        ("crs: wgs84\n", "names no properties"),
        ("level: district\narea: {code: C}\nstreet: {code: N}\n", "is smaller than `district`"),
        ("street: {code: C}\nparent: {code: N}\ndistrict: {code: N}\n", "`parent` and `district` say the same"),
        ("street: {code: C}\ndistrict: {code: N, grade: N}\n", "only for the features' own level"),
        ("street: {code: C, valid_from: X}\n", "No feature has the property X"),
    ],
)
def test_an_incomplete_or_contradictory_mapping_is_refused(db: None, words: str, message: str) -> None:
    result = bring_in(HALVES, words)
    assert result.exit_code == 1 and message in result.stderr


def test_grade_days_and_further_attributes_are_kept(communities: None) -> None:
    further = ", grade: G, valid_from: F, valid_until: U"
    words = own("unit_grid", further) + "attributes: {责任人: R, 用地类别: L}\n"
    done(
        bring_in(
            {"350102001001001": WEST}, words, G="Ａ", F="20260101", U="2026年12月31日", R="周洋", L=None
        )  # full-width
    )
    row = Area.objects.get(code="350102001001001")
    assert (row.grade, row.valid_from, row.valid_until) == ("A", date(2026, 1, 1), date(2026, 12, 31))
    assert row.attributes == {"责任人": "周洋"}


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [("31.12.2026", None, "31.12.2026 (F) is not a date"), ("20260201", "20260101", "before it begins")],
)
def test_an_impossible_day_is_reported_with_its_feature(communities: None, first: Any, last: Any, message: str) -> None:
    words = own("unit_grid", ", valid_from: F, valid_until: U")
    result = bring_in({"350102001001001": WEST}, words, F=first, U=last)
    assert result.exit_code == 1 and "feature 1 350102001001001" in result.stderr and message in result.stderr


def test_a_new_set_of_grids_ends_the_old_ones_on_its_day_and_both_are_found_on_theirs(communities: None) -> None:
    done(bring_in({"350102001001001": WEST, "350102001002001": EAST}, own("unit_grid")))
    words = own("unit_grid") + "replaces: all\n"
    halves = {"350102001001002": WEST, "350102001002002": EAST}
    result = bring_in(halves, words, "--from", "2030-01-01")
    assert done(result) == "Unit grids 2, ended 2.\n"
    assert "unit grid 350102001001001 名001: It is not in the file and ends on 2030-01-01" in result.stderr
    assert current_city().areas_at(119.31, 26.01, date(2029, 12, 31))["unit_grid"] == "350102001001001"
    assert current_city().areas_at(119.31, 26.01, date(2030, 1, 1))["unit_grid"] == "350102001001002"
    assert Area.objects.filter(level="unit_grid").count() == 4


def test_only_the_areas_of_the_parents_in_the_file_end_where_the_mapping_says_so(communities: None) -> None:
    done(bring_in({"350102001001001": WEST, "350102001002001": EAST}, own("unit_grid")))
    done(bring_in({"350102001001002": WEST}, own("unit_grid") + "replaces: parents\n", "--from", "2030-01-01"))
    ended = Area.objects.exclude(valid_until=None)
    assert [area.code for area in ended] == ["350102001001001"]


def test_a_code_that_has_ended_is_never_used_again(communities: None) -> None:
    done(bring_in({"350102001001001": WEST}, own("unit_grid", ", valid_until: U"), U="2026-01-01"))
    result = bring_in({"350102001001001": WEST}, own("unit_grid"))
    assert result.exit_code == 1
    assert "350102001001001 名001: It ended on 2026-01-01, and an ended code is never used again" in result.stderr
    same = bring_in({"350102001001001": WEST}, own("unit_grid", ", valid_until: U"), U="2026-01-01")
    assert same.exit_code == 0


def test_an_outline_that_changes_in_the_future_needs_a_new_code(communities: None) -> None:
    moved = {"350102001001": box(119.30, 26.00, 119.315, 26.04)}
    result = bring_in(moved, own("community"), "--from", "2099-01-01")
    assert result.exit_code == 1 and "Its outline changes on 2099-01-01" in result.stderr
    assert done(bring_in(moved, own("community")))
    assert bring_in(moved, own("community"), "--from", "2099-01-01").exit_code == 0


def test_codes_with_full_width_digits_and_letters_for_digits_are_reported(communities: None) -> None:
    result = bring_in({"３５０１０２００１００１００１": WEST, "35010200100200I": EAST}, own("unit_grid"))
    assert "Its code is written with full-width characters. It is read as 350102001001001." in result.stderr
    assert "Its code has letters instead of digits. 350102001002001 may be meant." in result.stderr
    assert {"350102001001001", "35010200100200I"} <= set(current_city().areas)


def test_grids_of_the_old_form_are_accepted_and_counted(communities: None) -> None:
    result = bring_in({"35010200100101": WEST}, own("unit_grid"))
    assert done(result) and "1 codes of the old form with 14 digits" in result.stderr
    assert parent("35010200100101") == "350102001001"


def test_a_code_of_another_level_is_refused(communities: None) -> None:
    result = bring_in({"350102001001": WEST}, own("street"))
    assert result.exit_code == 1 and "This code is already that of a community." in result.stderr


def test_new_areas_are_compared_with_their_neighbours(communities: None) -> None:
    result = bring_in({"350102001003": box(119.31, 26.0, 119.32, 26.04)}, own("community"))
    assert "community 350102001003 名003: It overlaps 350102001001 名001 by 4,4" in result.stderr


def test_an_import_is_one_change_that_can_be_undone(communities: None) -> None:
    done(bring_in({"350102001": DISTRICT}, own("street")))
    undo(ChangeSet.objects.latest("number").number, "test", clock.now())
    forget()
    assert "350102001" not in current_city().areas and parent("350102001001") == "350102"
