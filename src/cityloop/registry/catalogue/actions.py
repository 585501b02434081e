"""Change catalogues by hand: limits, filing conditions, which catalogue is in use, a city's own classes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cityloop.core.codes.classes import HOME, ClassKey
from cityloop.core.codes.crosswalk import next_local
from cityloop.core.errors import Fault, Invalid, NotFound, NotPossible
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply, read
from cityloop.registry.history.tables import CATALOGUES, CLASSES, CONDITIONS
from cityloop.registry.models import Catalogue, Category
from cityloop.registry.packs import rows as pack_rows
from cityloop.registry.packs.texts.catalogue import CatalogueClass, PackCondition
from cityloop.registry.words.limits import parse_limit, read_limit
from cityloop.registry.words.readings import readings

BY_HAND = "settings"  # the profile of a condition that an administrator wrote
GRADES = ("", "A", "B", "C")
LONGEST, LONGEST_NAME = 400, 60


def set_class_limits(key: ClassKey, handle: str, case: str, by: str, now: datetime) -> ChangeOutcome:
    """Set a class's limits for handling and for the whole case, as people write them; "" for the procedure's limit."""
    faults: list[Fault] = []
    row = {**_known(key), "handle_limit": _limit("handle", handle, faults), "case_limit": _limit("case", case, faults)}
    _refuse(faults)
    return apply([TableChange(CLASSES, [row])], by, now, "ClassesSet", source=key.reference)


def set_condition(
    key: ClassKey, number: str, filing: str, closing: str, limits: Mapping[str, str], by: str, now: datetime
) -> ChangeOutcome:
    """Add or change a filing condition; limits by grade as people write them, "" for every other grade."""
    known = _known(key)
    faults: list[Fault] = []
    filing, closing = filing.strip(), closing.strip()
    if not filing:
        faults.append(Fault("filing", "required"))
    faults += [
        Fault(name, "too-long", {"most": LONGEST})
        for name, text in (("filing", filing), ("closing", closing))
        if len(text) > LONGEST
    ]
    parsed = {grade: _limit(f"limit_{grade}", typed, faults) for grade, typed in limits.items() if typed.strip()}
    if not parsed.get(""):
        faults.append(Fault("limit_", "required"))
    _refuse(faults)
    row = {**known, "number": number, "filing": filing, "closing": closing, "limits": parsed, "profile": BY_HAND}
    return apply([TableChange(CONDITIONS, [row])], by, now, "ConditionsSet", source=key.reference)


def remove_condition(key: ClassKey, number: str, by: str, now: datetime) -> ChangeOutcome:
    """Remove a filing condition; cases filed by it keep their limits."""
    removed = CONDITIONS.named({**_known(key), "number": number})
    return apply([TableChange(CONDITIONS, removed=[removed])], by, now, "ConditionsSet", source=key.reference)


def use_catalogue(name: str, by: str, now: datetime, *, in_use: bool) -> ChangeOutcome:
    """Set whether new cases can be filed under a catalogue."""
    if name not in read(CATALOGUES, [name]):
        raise NotFound("no-such-class")
    if not in_use and is_last_in_use(name):
        raise NotPossible("last-catalogue")
    row = {"name": name, "in_use": in_use}
    return apply([TableChange(CATALOGUES, [row])], by, now, "CataloguesSet", source=name)


def is_last_in_use(name: str) -> bool:
    """Return whether no class would be left for new cases without this catalogue."""
    others = Catalogue.objects.filter(in_use=True).exclude(name=name).values("name")
    return not Category.objects.filter(catalogue__in=others).exclude(catalogue=HOME, kind="component").exists()


def add_local_class(catalogue: str, major: str, major_name: str, name: str, by: str, now: datetime) -> ClassKey:
    """Add a class of the city's own under the next free number of a major class; return its key."""
    name = name.strip()
    if not name:
        raise Invalid([Fault("name", "required")])
    if len(name) > LONGEST_NAME:
        raise Invalid([Fault("name", "too-long", {"most": LONGEST_NAME})])
    taken = set(
        CLASSES.model._default_manager.filter(catalogue=catalogue, code__startswith=major).values_list(
            "code", flat=True
        )
    )
    code = next_local(major, taken)
    if code is None:
        raise NotPossible("no-free-code")
    key = ClassKey(catalogue, "matter", code)
    row = {**_names(key), "name": name, "major": major_name, "is_local": True, "initials": readings(name)}
    apply([TableChange(CLASSES, [row])], by, now, "ClassesSet", source=key.reference)
    return key


def _known(key: ClassKey) -> dict[str, str]:
    """Return the key columns of a class; raise NotFound if there is none."""
    if CLASSES.named(_names(key)) not in read(CLASSES, [CLASSES.named(_names(key))]):
        raise NotFound("no-such-class")
    return _names(key)


def _names(key: ClassKey) -> dict[str, str]:
    return {"catalogue": key.catalogue, "kind": key.kind, "code": key.code}


def _limit(field: str, typed: str, faults: list[Fault]) -> str:
    """Return a limit in the notation of packs, whether typed so or as offices write it; otherwise add a fault."""
    if not typed.strip():
        return ""
    try:
        return str(parse_limit(typed.strip()))
    except ValueError:
        found = read_limit(typed)
    if found.limit is None or found.extra:
        faults.append(Fault(field, "not-a-limit"))
        return ""
    return str(found.limit)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise Invalid(faults)


def set_conditions(
    conditions: Sequence[PackCondition],
    by: str,
    now: datetime,
    *,
    source: str = "",
    classes: Sequence[CatalogueClass] = (),
    removed: Sequence[PackCondition] = (),
) -> ChangeOutcome:
    """Save filing conditions, new classes first, and remove those in `removed`."""
    rows = [pack_rows.condition_row(condition) for condition in conditions]
    new = [pack_rows.class_row(each) for each in classes]
    keys = [CONDITIONS.named(pack_rows.condition_row(condition)) for condition in removed]
    return apply(
        [TableChange(CLASSES, new), TableChange(CONDITIONS, rows, keys)], by, now, "ConditionsSet", source=source
    )
