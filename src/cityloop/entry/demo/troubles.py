"""The problems of the demo city: what is wrong, where, and the text of the report. stories.py plans what follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from cityloop.core.procedures.procedure import Action
from cityloop.entry.demo import ground
from cityloop.entry.demo.script import DemoProblem, District, Script
from cityloop.registry.city.city import City

KNOWS_CATEGORY, KNOWS_PLACE = 0.7, 0.93  # shares of callers; a patrol always knows both

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and where; `unit` is responsible for it."""

    problem: DemoProblem
    district: District
    community: str
    road: str
    near: str
    unit: str


def pick(chance: Random, weights: Mapping[T, int]) -> T:
    """Return one of the keys at random, by weight."""
    return chance.choices(list(weights), list(weights.values()))[0]


def random_trouble(script: Script, city: City, chance: Random) -> Trouble:
    """Return a random problem in a random place."""
    problem = pick(chance, {problem: problem.weight for problem in script.problems})
    district = pick(chance, {district: district.share for district in script.districts})
    communities = sorted(city.within(district.code)["community"])
    # People do not complain evenly: the first communities of a district are its busy ones.
    community = pick(chance, {code: len(communities) - number for number, code in enumerate(communities)})
    unit = city.unit_on_duty(problem.code, {"district": district.code, "community": community})
    if unit is None:
        raise LookupError(f"no unit of demo.yaml is responsible for {problem.code} in {district.code}")
    return Trouble(problem, district, community, chance.choice(script.roads), chance.choice(script.near), unit)


def content(
    trouble: Trouble, channel: str, at: datetime, script: Script, city: City, chance: Random
) -> dict[str, object]:
    """Return the report as the channel sends it."""
    report: dict[str, object] = {
        "text": chance.choice(trouble.problem.texts).format(road=trouble.road, near=trouble.near),
        "address": f"{trouble.district.name}{trouble.road}{chance.randint(2, 320)}号{trouble.near}",
    }
    if channel != "patrol":
        name = chance.choice(script.surnames) + chance.choice(script.given)
        report["reporter"] = {"name": name, "phone": f"1200000{chance.randint(0, 9999):04d}"}
        report["reported_at"] = (at - timedelta(seconds=chance.uniform(20, 240))).isoformat(timespec="seconds")
    if channel == "patrol" or chance.random() < KNOWS_CATEGORY:
        report["category"] = trouble.problem.code
    if channel == "patrol" or chance.random() < KNOWS_PLACE:
        lon, lat = ground.spot(city.shapes[trouble.community], chance)
        report |= {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    return report


def inputs(action: Action, trouble: Trouble, unit: str, at: datetime, script: Script, chance: Random) -> dict[str, str]:
    """Return the inputs of an action; `unit` is the one that a dispatcher chooses."""
    texts = script.words.get(action.name, trouble.problem.results)
    number = chance.randrange(len(texts))
    values = {
        "category": trouble.problem.code,
        "district": trouble.district.code,
        "unit": unit,
        "helpers": unit,
        "better_unit": trouble.unit,
        "until": (at + timedelta(days=30)).date().isoformat(),
    }
    filled = {}
    for need in action.needs:
        if need.kind == "text":
            filled[need.name] = texts[number]
        elif need.kind == "choice":  # the texts are in the order of the choices
            filled[need.name] = need.choices[number % len(need.choices)][0]
        elif need.name in values:
            filled[need.name] = values[need.name]
    return filled
