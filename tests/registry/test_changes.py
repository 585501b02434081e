"""Changing the city's data: only what differs is written, everything can be read again and undone."""

from datetime import date, timedelta

import pytest

from cityloop.core.errors import Conflict, Invalid, NotFound, NotPossible
from cityloop.registry.history import changes
from cityloop.registry.history.changes import TableChange, apply, differing, undo
from cityloop.registry.history.tables import (
    AREAS,
    CONDITIONS,
    DUTIES,
    FACILITIES,
    PLACES,
    TABLES,
    UNITS,
)
from cityloop.registry.models import Change, ChangeSet, Revision, Unit
from cityloop.registry.verification import findings
from cityloop.runtime.models import Event
from example import NOW

pytestmark = [pytest.mark.server, pytest.mark.django_db]

SQUARE = b"\x01\x03"
LAMP = {"code": "49010201037000001", "catalogue": "GB/T 47678.5-2026", "category": "01037", "name": "路灯"}


def units(*rows: dict[str, object]) -> list[TableChange]:
    return [TableChange(UNITS, rows)]


def names() -> dict[str, str]:
    return dict(Unit.objects.values_list("code", "name"))


def test_the_same_rows_a_second_time_change_nothing() -> None:
    rows = units({"code": "roads", "name": "市政处"}, {"code": "lamps", "name": "路灯所"})
    first = apply(rows, "test", NOW, "UnitsSet")
    events, revision = Event.objects.count(), Revision.objects.get().number
    second = apply(rows, "test", NOW, "UnitsSet")
    assert (first.created, second.created, second.unchanged) == (2, 0, 2)
    assert (Event.objects.count(), Revision.objects.get().number) == (events, revision)
    assert second.number is None


def test_a_field_that_is_not_given_stays() -> None:
    apply(units({"code": "roads", "name": "市政处", "telephone": "12012345678"}), "test", NOW, "UnitsSet")
    apply(units({"code": "roads", "name": "市政设施处"}), "test", NOW, "UnitsSet")
    unit = Unit.objects.get()
    assert (unit.name, unit.telephone, unit.kind, unit.handles) == ("市政设施处", "12012345678", "department", True)


def test_the_differences_shown_are_those_applied_and_showing_writes_nothing() -> None:
    rows = units({"code": "roads", "name": "市政处"})[0]
    tried = differing(rows)
    assert not Unit.objects.exists()
    apply([rows], "test", NOW, "UnitsSet")
    kept = Change.objects.filter(table="units").values_list("key", "before", "after")
    assert [(d.key, d.before, d.after) for d in tried] == list(kept)


def test_a_child_may_come_before_its_parent_in_one_import() -> None:
    rows = units({"code": "crew", "name": "一队", "parent": "roads"}, {"code": "roads", "name": "市政处"})
    apply(rows, "test", NOW, "UnitsSet")
    assert Unit.objects.get(code="crew").parent == Unit.objects.get(code="roads")


def test_an_unknown_reference_is_refused_by_name_and_nothing_is_written() -> None:
    before = ChangeSet.objects.count()
    with pytest.raises(Invalid) as refused:
        apply(units({"code": "a", "name": "a"}, {"code": "crew", "name": "b", "parent": "x"}), "test", NOW, "UnitsSet")
    (fault,) = refused.value.faults
    assert (fault.field, fault.code, fault.values) == (
        "units crew",
        "unknown-reference",
        {"field": "parent", "value": "x"},
    )
    assert not Unit.objects.exists()
    assert ChangeSet.objects.count() == before


def test_undoing_brings_back_every_row_and_is_itself_a_change() -> None:
    apply(units({"code": "roads", "name": "市政处"}), "test", NOW, "UnitsSet")
    rows = units({"code": "roads", "name": "道路处"}, {"code": "lamps", "name": "路灯所"})
    number = apply(rows, "test", NOW, "UnitsSet").number
    assert number
    outcome = undo(number, "test", NOW)
    assert names() == {"roads": "市政处"}
    assert (outcome.changed, outcome.removed) == (1, 1)
    assert outcome.number
    undo(outcome.number, "test", NOW)
    assert names() == {"roads": "道路处", "lamps": "路灯所"}


def test_a_removal_is_undone_with_its_references() -> None:
    apply(
        [*units({"code": "roads", "name": "市政处"}), TableChange(DUTIES, [duty := duty_of("roads")])], "test", NOW, "x"
    )
    outcome = apply([TableChange(DUTIES, removed=[DUTIES.named(duty)])], "test", NOW, "DutiesSet")
    assert outcome.removed == 1
    assert outcome.number
    undo(outcome.number, "test", NOW)
    assert changes.every(DUTIES)[DUTIES.named(duty)]["unit"] == "roads"


def duty_of(unit: str) -> dict[str, object]:
    return {"category": "01", "area": "", "unit": unit}


def test_what_was_changed_again_since_is_not_undone() -> None:
    number = apply(units({"code": "roads", "name": "市政处"}), "test", NOW, "UnitsSet").number
    apply(units({"code": "roads", "name": "道路处"}), "test", NOW, "UnitsSet")
    assert number
    with pytest.raises(Conflict) as refused:
        undo(number, "test", NOW)
    assert (refused.value.code, refused.value.values) == ("changed-since", {"rows": "units roads"})
    assert names() == {"roads": "道路处"}


def test_a_change_is_undone_once() -> None:
    number = apply(units({"code": "roads", "name": "市政处"}), "test", NOW, "UnitsSet").number
    assert number
    undo(number, "test", NOW)
    with pytest.raises(Conflict) as refused:
        undo(number, "test", NOW)
    assert refused.value.code == "already-undone"


def test_a_change_that_never_was_cannot_be_undone() -> None:
    with pytest.raises(NotFound):
        undo(404, "test", NOW)


def test_what_is_still_referred_to_is_not_removed() -> None:
    apply([*units({"code": "roads", "name": "市政处"}), TableChange(DUTIES, [duty_of("roads")])], "test", NOW, "x")
    with pytest.raises(NotPossible) as refused:
        apply([TableChange(UNITS, removed=["roads"])], "test", NOW, "UnitsSet")
    assert (refused.value.code, refused.value.values) == ("still-used", {"row": "units roads"})
    assert names() == {"roads": "市政处"}


def test_an_import_of_many_pieces_is_undone_as_one() -> None:
    first = apply(units({"code": "a", "name": "1"}), "test", NOW, "UnitsSet", source="units.xlsx")
    apply(units({"code": "b", "name": "1"}), "test", NOW, "UnitsSet", into=first.number)
    apply(units({"code": "a", "name": "2"}), "test", NOW, "UnitsSet", into=first.number)
    assert first.number
    undo(first.number, "test", NOW)
    assert names() == {}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_has_the_defaults_of_a_new_row(name: str) -> None:
    table = TABLES[name]
    assert set(table.defaults()) == set(table.fields)
    required = {field for field in table.fields if table.defaults()[field] is None}
    columns = {field for field in required if not table.model._meta.get_field(field).null}  # type: ignore[union-attr]
    assert columns <= {"name", "level", "title", "filing", "limits", "ends_at", "lon", "lat", "catalogue", "category"}


def test_polygons_days_numbers_and_lists_come_back_as_they_were() -> None:
    area = {"code": "1", "name": "北", "level": "district", "parent": None, "shape": SQUARE}
    areas = {"district": "1"}
    rows = [
        TableChange(AREAS, [{**area, "valid_from": date(2026, 1, 1)}]),
        TableChange(FACILITIES, [{**LAMP, "lon": 120.1, "lat": 23.0, "began_on": "2020-01-02", "areas": areas}]),
        TableChange(PLACES, [{"kind": "poi", "key": "k", "district": "", "number": 0, "suffix": "", "name": "n",
                       "lon": 1.5, "lat": 2, "aliases": ("a", "b")}]),
        TableChange(CONDITIONS, [{"catalogue": "c", "kind": "matter", "code": "06010", "number": "1", "filing": "垃圾",
                           "limits": {"": "4 work_hour"}}]),
    ]  # fmt: skip
    number = apply(rows, "test", NOW, "x").number
    assert not [difference for part in rows for difference in differing(part)]
    assert number
    outcome = undo(number, "test", NOW + timedelta(days=1))
    assert outcome.removed == 4
    undo(number + 1, "test", NOW)
    assert not [difference for part in rows for difference in differing(part)]


def altered() -> list[str]:
    return [finding.where for finding in findings()]


def test_rows_altered_past_the_history_are_found() -> None:
    apply(units({"code": "roads", "name": "市政处"}, {"code": "lamps", "name": "路灯所"}), "test", NOW, "UnitsSet")
    apply(units({"code": "roads", "name": "道路处"}), "test", NOW, "UnitsSet")
    assert altered() == []
    Unit.objects.filter(code="roads").update(name="别的处")
    Unit.objects.filter(code="lamps").delete()
    assert altered() == ["units lamps", "units roads"]


def test_an_altered_history_of_rows_is_found() -> None:
    first = apply(units({"code": "roads", "name": "市政处"}), "test", NOW, "UnitsSet").number
    second = apply(units({"code": "lamps", "name": "路灯所"}), "test", NOW, "UnitsSet").number
    Change.objects.filter(key="roads").update(after={"code": "roads"})
    assert f"change {first}" in altered()
    Change.objects.filter(key="lamps").delete()
    assert [name for name in altered() if name.startswith("change ")] == [f"change {first}", f"change {second}"]
