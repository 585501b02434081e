"""The schema of demo.yaml, which describes the demo city. The other modules of this folder decide what happens."""

from functools import cache
from pathlib import Path

import yaml

from cityloop.registry.packs.reading import SHIPPED
from cityloop.runtime.yaml_files import Strict

PATH: Path = SHIPPED / "example-city" / "demo.yaml"


class District(Strict):
    code: str
    name: str
    at: tuple[float, float]
    share: int
    late: float
    communities: tuple[str, ...]


class Organised(Strict):
    code: str
    name: str | None = None
    kind: str = "department"
    parent: str | None = None
    handles: bool | None = None
    is_active: bool = True
    aliases: tuple[str, ...] = ()
    telephone: str = ""
    credit_code: str = ""


class Turns(Strict):
    unit: str
    role: str
    people: tuple[str, ...]
    hours: tuple[str, ...]


class Person(Strict):
    username: str
    name: str
    role: str
    unit: str
    area: str | None = None
    tries: str | None = None


class DemoProblem(Strict):
    code: str
    weight: int
    texts: tuple[str, ...]
    results: tuple[str, ...]


class FacilityKind(Strict):
    code: str
    unit: str
    count: int
    offset: float  # of the first along a road, in steps
    aside_metres: float


class Script(Strict):
    seed: int
    centre: tuple[float, float]
    span: tuple[float, float]
    communities: int
    weeks: int
    cases: int
    password: str
    districts: tuple[District, ...]
    units: dict[str, str]
    offices: dict[str, str]
    duties: tuple[tuple[str, str, str], ...]
    also: tuple[tuple[str, str, str], ...]
    listed: tuple[tuple[str, str, str, str], ...]
    organisation: tuple[Organised, ...]
    roster: tuple[Turns, ...]
    people: tuple[Person, ...]
    roads: tuple[str, ...]
    near: tuple[str, ...]
    surnames: str
    given: tuple[str, ...]
    facilities: tuple[FacilityKind, ...]
    problems: tuple[DemoProblem, ...]
    words: dict[str, tuple[str, ...]]


@cache
def script() -> Script:
    """Return the contents of demo.yaml."""
    return Script.model_validate(yaml.safe_load(PATH.read_text(encoding="utf-8")))
