"""The demo city: its areas fit together, it has work of every kind, and it is never built over another city."""

from collections.abc import Iterator
from random import Random

import pytest
import shapely

from cityloop.casework import verification
from cityloop.casework.models import Case, Task
from cityloop.core.errors import NotPossible
from cityloop.entry.demo import ground
from cityloop.entry.demo.building import build
from cityloop.entry.demo.script import script
from cityloop.intake.actions import PROCEDURE
from cityloop.registry.city import current
from cityloop.registry.models import Area, Facility
from cityloop.registry.packs import actions as pack_actions
from cityloop.registry.packs.reading import read_all
from example import NOW, SmallCity


@pytest.fixture
def empty_city(db: None) -> Iterator[None]:
    """The contents of a new home: the packs and nothing else."""
    pack_actions.take_up(read_all(), "test", NOW)
    current.forget()
    yield
    current.forget()


def silent(message: str) -> None:
    """Ignore the message."""


@pytest.mark.parametrize("seed", [1, 2, 20261121])
def test_the_communities_leave_no_gap_and_do_not_overlap(seed: int) -> None:
    shapes = [shapely.from_wkb(a.shape) for a in ground.areas(script(), Random(seed)) if a.level == "community"]
    whole = shapely.union_all(shapes)
    assert len(shapes) == script().communities
    assert whole.geom_type == "Polygon" and not whole.interiors
    assert sum(shape.area for shape in shapes) == pytest.approx(whole.area, rel=1e-9)


@pytest.mark.weekly  # each day the browser works in a demo city that its command has built
def test_the_demo_city_has_work_of_every_kind_under_every_lamp_and_is_built_once(empty_city: None) -> None:
    assert build(NOW, silent)
    lamps = {
        (kind, "red" if due_at <= NOW else "yellow" if yellow_at <= NOW else "green")
        for kind, yellow_at, due_at in Task.objects.filter(done_at=None).values_list("kind", "yellow_at", "due_at")
    }
    straight = ("accept", "file", "dispatch", "handle", "check", "close")
    assert lamps >= {(kind, lamp) for kind in straight for lamp in ("green", "yellow", "red")}
    sideways = {"verify", "confirm_return", "assist", "extension", "hanging", "hung", "answer"}
    assert {kind for kind, _ in lamps} >= sideways
    ended = set(Case.objects.filter(is_open=False).values_list("stage", flat=True))
    assert ended >= {"closed", "rejected", "not_filed", "explained", "voided"}
    assert not Case.objects.filter(opened_at__gt=NOW).exists()
    _check_facilities()
    assert list(verification.findings()) == []
    cases = Case.objects.count()
    assert not build(NOW, silent)  # what is there is left as it is
    assert Case.objects.count() == cases
    assert Case.objects.filter(procedure=PROCEDURE).count() == script().cases


def _check_facilities() -> None:
    """Check that some hundred are in the city's districts, with ids to match, and that some cases are about one."""
    facilities = {facility.code: facility for facility in Facility.objects.all()}
    assert 300 < len(facilities) <= sum(kind.count for kind in script().facilities)
    assert all(code.startswith(facility.areas["district"] + facility.category) for code, facility in facilities.items())
    cases = Case.objects.exclude(facility=None)
    assert cases.count() > 5
    assert all(facilities[case.facility].areas["community"] == case.community for case in cases if case.facility)


def test_the_demo_city_is_not_built_into_another_city(city: SmallCity) -> None:
    with pytest.raises(NotPossible) as error:
        build(NOW, silent)
    assert error.value.code == "another-city"
    assert Area.objects.filter(code__startswith="49").count() == 0
