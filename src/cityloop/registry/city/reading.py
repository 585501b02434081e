"""Reads the whole city from the database into one frozen value."""

from collections.abc import Mapping

from cityloop.core.codes.classes import HOME, ClassKey
from cityloop.core.codes.crosswalk import ClassCrosswalk, CrosswalkLine
from cityloop.core.place.responsibility import Duties, DutyRule
from cityloop.registry.calendar import versions as calendar_versions
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import AreaFacts, CatalogueFacts, CategoryFacts, ConditionFacts, UnitFacts
from cityloop.registry.history.tables import CROSSWALK
from cityloop.registry.models import Area, Catalogue, Category, Condition, Unit
from cityloop.registry.models import Crosswalk as CrosswalkRow
from cityloop.registry.models import Duty as DutyRow
from cityloop.registry.packs.grid_kinds import grid_kinds
from cityloop.registry.packs.in_force import packs_in_force
from cityloop.registry.words.limits import parse_limit
from cityloop.runtime import clock


def read_city(revision: int) -> City:
    """Return the city as it is in the database, with the revision that was read before it."""
    packs = packs_in_force()
    number, calendar = calendar_versions.last_adopted() or (0, calendar_versions.worked_out(packs, clock.now()))
    classes, catalogues = _classes(), {row.name: _catalogue(row) for row in Catalogue.objects.order_by("name")}
    areas = list(Area.objects.select_related("parent").order_by("code"))
    return City(
        revision=revision,
        calendar=calendar,
        calendar_number=number,
        procedures={(p.name, p.version): p for pack in packs for p in pack.procedures},
        roles={role.name: role for pack in packs for role in pack.roles},
        areas={a.code: _area(a) for a in areas},
        classes=classes,
        categories={key: category for key, category in classes.items() if _is_filed_under(category, catalogues)},
        catalogues=catalogues,
        crosswalk=ClassCrosswalk(
            CrosswalkLine(*line) for line in CrosswalkRow.objects.values_list(*CROSSWALK.all_fields)
        ),
        other_names=tuple((other.name, other.key.reference) for pack in packs for other in pack.names),
        units={u.code: _unit(u) for u in Unit.objects.select_related("parent").order_by("code")},
        duties=_duties(),
        shapes={area.code: bytes(area.shape) for area in areas},
        layers=tuple(layer for pack in packs for layer in pack.layers),
        grid_kinds=grid_kinds(packs),
    )


def _unit(row: Unit) -> UnitFacts:
    parent = row.parent.code if row.parent else None
    return UnitFacts(row.code, row.name, row.handles and row.is_active, row.kind, parent, row.is_active)


def _area(row: Area) -> AreaFacts:
    parent = row.parent.code if row.parent else None
    return AreaFacts(row.code, row.name, row.level, parent, row.grade, row.valid_from, row.valid_until)


def _classes() -> dict[str, CategoryFacts]:
    conditions: dict[ClassKey, dict[str, ConditionFacts]] = {}
    for row in sorted(Condition.objects.all(), key=lambda row: (len(row.number), row.number)):
        limits = {grade: parse_limit(words) for grade, words in row.limits.items()}
        facts = ConditionFacts(row.number, row.filing, row.closing, limits, row.profile)
        conditions.setdefault(ClassKey(row.catalogue, row.kind, row.code), {})[row.number] = facts
    rows = Category.objects.order_by("code", "kind", "catalogue")
    found = (_category(row, conditions.get(ClassKey(row.catalogue, row.kind, row.code), {})) for row in rows)
    return {category.reference: category for category in found}


def _category(row: Category, conditions: Mapping[str, ConditionFacts]) -> CategoryFacts:
    given = {"handle": row.handle_limit, "case": row.case_limit}
    limits = {name: parse_limit(words) for name, words in given.items() if words}
    further = (row.catalogue, row.major, row.is_local, row.initials, conditions)
    return CategoryFacts(row.code, row.name, row.kind, limits, *further)


def _catalogue(row: Catalogue) -> CatalogueFacts:
    return CatalogueFacts(row.name, row.title, row.standard, row.in_force_from, row.in_force_until, row.in_use)


def _is_filed_under(category: CategoryFacts, catalogues: Mapping[str, CatalogueFacts]) -> bool:
    """Return whether new problems may be filed under a class.

    GB/T 47678.5 has a matter for the faults of each component; in older lists problems are filed under components.
    """
    catalogue = catalogues.get(category.catalogue)
    return (catalogue is None or catalogue.in_use) and (category.kind == "matter" or category.catalogue != HOME)


def _duties() -> Duties:
    rows = DutyRow.objects.values_list("category", "area", "unit__code", "is_listed", "basis")
    return Duties.of(DutyRule(*row) for row in rows)
