"""Changing catalogues by hand: limits, conditions for filing, which catalogue is in use, a city's own classes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cityloop.core.codes.classes import ClassKey
from cityloop.core.codes.crosswalk import next_local
from cityloop.core.errors import Fault, Invalid, NotFound, NotPossible
from cityloop.registry.history.changes import ChangeOutcome, TableChange, apply, read
from cityloop.registry.history.tables import CATALOGUES, CLASSES, CONDITIONS
from cityloop.registry.packs import rows as pack_rows
from cityloop.registry.packs.texts.catalogue import CatalogueClass, PackCondition
from cityloop.registry.words.limits import parse_limit, read_limit
from cityloop.registry.words.readings import readings

BY_HAND = "settings"  # the profile of a condition that an administrator wrote
GRADES = ("", "A", "B", "C")
LONGEST, LONGEST_NAME = 400, 60


def set_class_limits(key: ClassKey, handle: str, case: str, by: str, now: datetime) -> ChangeOutcome:
    """Give a class other limits of handling and of the whole case, as people spell them; empty: the procedure's own."""
    faults: list[Fault] = []
    row = {**_known(key), "handle_limit": _limit("handle", handle, faults), "case_limit": _limit("case", case, faults)}
    _refuse(faults)
    return apply([TableChange(CLASSES, [row])], by, now, "ClassesSet", source=key.reference)


def set_condition(
    key: ClassKey, number: str, filing: str, closing: str, limits: Mapping[str, str], by: str, now: datetime
) -> ChangeOutcome:
    """Enter a condition for filing or change one; limits by grade as people spell them, "" for every other grade."""
    known = _known(key)
    faults: list[Fault] = []
    filing, closing = filing.strip(), closing.strip()
    if not filing:
        faults.append(Fault("filing", "This must be filled in."))
    faults += [
        Fault(name, "It is longer than 400 signs.")
        for name, words in (("filing", filing), ("closing", closing))
        if len(words) > LONGEST
    ]
    read_limits = {grade: _limit(f"limit_{grade}", words, faults) for grade, words in limits.items() if words.strip()}
    if not read_limits.get(""):
        faults.append(Fault("limit_", "This must be filled in."))
    _refuse(faults)
    row = {**known, "number": number, "filing": filing, "closing": closing, "limits": read_limits, "profile": BY_HAND}
    return apply([TableChange(CONDITIONS, [row])], by, now, "ConditionsSet", source=key.reference)


def remove_condition(key: ClassKey, number: str, by: str, now: datetime) -> ChangeOutcome:
    """Take a condition for filing away; cases filed by it keep their limits."""
    gone = CONDITIONS.named({**_known(key), "number": number})
    return apply([TableChange(CONDITIONS, gone=[gone])], by, now, "ConditionsSet", source=key.reference)


def use_catalogue(name: str, by: str, now: datetime, *, in_use: bool) -> ChangeOutcome:
    """Let new cases be filed under a catalogue, or no more."""
    if name not in read(CATALOGUES, [name]):
        raise NotFound("no-such-class", f"There is no catalogue {name}.")
    row = {"name": name, "in_use": in_use}
    return apply([TableChange(CATALOGUES, [row])], by, now, "CataloguesSet", source=name)


def add_local_class(catalogue: str, major: str, major_name: str, name: str, by: str, now: datetime) -> ClassKey:
    """Enter a class of the city's own under the next free number of a major class; return its key."""
    name = name.strip()
    if not name:
        raise Invalid([Fault("name", "This must be filled in.")])
    if len(name) > LONGEST_NAME:
        raise Invalid([Fault("name", "It is longer than 60 signs.")])
    taken = set(
        CLASSES.model._default_manager.filter(catalogue=catalogue, code__startswith=major).values_list(
            "code", flat=True
        )
    )
    code = next_local(major, taken)
    if code is None:
        raise NotPossible("no-free-code", f"Every number of a city's own is taken in the major class {major}.")
    key = ClassKey(catalogue, "matter", code)
    row = {**_names(key), "name": name, "major": major_name, "is_local": True, "initials": readings(name)}
    apply([TableChange(CLASSES, [row])], by, now, "ClassesSet", source=key.reference)
    return key


def _known(key: ClassKey) -> dict[str, str]:
    if CLASSES.named(_names(key)) not in read(CLASSES, [CLASSES.named(_names(key))]):
        raise NotFound("no-such-class", f"There is no class {key.reference}.")
    return _names(key)


def _names(key: ClassKey) -> dict[str, str]:
    return {"catalogue": key.catalogue, "kind": key.kind, "code": key.code}


def _limit(field: str, words: str, faults: list[Fault]) -> str:
    """Return a limit in our notation, whether it was typed so or as offices spell it; note a fault otherwise."""
    if not words.strip():
        return ""
    try:
        return str(parse_limit(words.strip()))
    except ValueError:
        spelled = read_limit(words)
    if spelled.limit is None or spelled.beside:
        faults.append(Fault(field, "This is no limit; write an amount and a unit, such as 4 工作时 or 2 工作日."))
        return ""
    return str(spelled.limit)


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
    gone: Sequence[PackCondition] = (),
) -> ChangeOutcome:
    """Enter conditions for filing, or give known ones other words and limits; new classes first, `gone` go."""
    rows = [pack_rows.condition_row(condition) for condition in conditions]
    new = [pack_rows.class_row(one) for one in classes]
    removed = [CONDITIONS.named(pack_rows.condition_row(condition)) for condition in gone]
    return apply(
        [TableChange(CLASSES, new), TableChange(CONDITIONS, rows, removed)], by, now, "ConditionsSet", source=source
    )
