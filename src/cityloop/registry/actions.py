"""Every write of the city as data: packs taken up, areas, units and duties set. Each raises the revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from cityloop.core.errors import Fault, Invalid
from cityloop.registry import city
from cityloop.registry.models import Area, Category, Duty, Revision, Unit
from cityloop.registry.packs import Pack
from cityloop.runtime import events

STREAM = "registry"


@dataclass(frozen=True, slots=True)
class NewArea:
    """An area to be entered: parents come before their children."""

    code: str
    name: str
    level: str
    parent: str | None
    shape: bytes


@transaction.atomic
def take_up(packs: Sequence[Pack], by: str, now: datetime) -> None:
    """Enter the catalogues of the packs and the limits they give; doing it again changes nothing."""
    events.locked(STREAM)
    before = _catalogue()
    limits = {key: both for pack in packs for key, both in pack.limits.items()}
    rows = [
        Category(catalogue=c.catalogue, kind=c.kind, code=c.code, name=c.name, **_limits(limits, c.kind, c.code))
        for pack in packs
        for c in pack.classes
    ]
    Category.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["catalogue", "kind", "code"],
        update_fields=["name", "handle_limit", "case_limit"],
    )
    if _catalogue() != before:
        _changed("PacksTakenUp", by, now, {"packs": [pack.name for pack in packs]})


@transaction.atomic
def set_areas(areas: Sequence[NewArea], by: str, now: datetime) -> int:
    """Enter areas or give known ones new names and polygons; return how many."""
    events.locked(STREAM)
    known: dict[str, Area] = {area.code: area for area in Area.objects.all()}
    for new in areas:
        if new.parent and new.parent not in known:
            raise Invalid([Fault(new.code, f"its parent {new.parent} is not known")])
        parent = known[new.parent] if new.parent else None
        fields = {"name": new.name, "level": new.level, "parent": parent, "shape": new.shape}
        known[new.code], _ = Area.objects.update_or_create(code=new.code, defaults=fields)
    _changed("AreasSet", by, now, {"areas": len(areas)})
    return len(areas)


@transaction.atomic
def set_units(units: Mapping[str, str], by: str, now: datetime, *, handles: bool = True) -> None:
    """Enter units by code and name, or rename known ones."""
    events.locked(STREAM)
    for code, name in units.items():
        Unit.objects.update_or_create(code=code, defaults={"name": name, "handles": handles})
    _changed("UnitsSet", by, now, {"units": sorted(units)})


@transaction.atomic
def set_duties(duties: Sequence[tuple[str, str, str]], by: str, now: datetime) -> None:
    """Enter who sees to what where: (category or its first digits, area, unit); blanks mean any."""
    events.locked(STREAM)
    units = {unit.code: unit for unit in Unit.objects.all()}
    for category, area, unit in duties:
        Duty.objects.get_or_create(category=category, area=area, unit=units[unit])
    _changed("DutiesSet", by, now, {"duties": [list(duty) for duty in duties]})


def _changed(event: str, by: str, now: datetime, payload: Mapping[str, object]) -> None:
    Revision.objects.get_or_create(pk=1)
    Revision.objects.filter(pk=1).update(number=F("number") + 1)
    events.record(STREAM, event, by, now, payload)
    transaction.on_commit(city.forget)


def _limits(limits: Mapping[tuple[str, str], object], kind: str, code: str) -> dict[str, str]:
    both = limits.get((kind, code))
    return {"handle_limit": getattr(both, "handle", ""), "case_limit": getattr(both, "case", "")}


def _catalogue() -> list[tuple[str, ...]]:
    fields = ("catalogue", "kind", "code", "name", "handle_limit", "case_limit")
    return list(Category.objects.order_by("catalogue", "kind", "code").values_list(*fields))
