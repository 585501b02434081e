"""What goes wrong in the demo city, where, and how people put it. When it happens and what follows is in stories."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from cityloop.core.procedures.procedure import Action
from cityloop.entry.demo import ground
from cityloop.entry.demo.script import DemoProblem, District, Script
from cityloop.registry.city.city import City

KNOWS_CATEGORY, KNOWS_PLACE = 0.7, 0.93  # the shares of callers that do; a patrol always does

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, and where; `unit` is on duty for it."""

    problem: DemoProblem
    district: District
    community: str
    road: str
    near: str
    unit: str


def pick(chance: Random, weights: Mapping[T, int]) -> T:
    """Return one of the keys, the heavier the likelier."""
    return chance.choices(list(weights), list(weights.values()))[0]


def trouble(script: Script, city: City, chance: Random) -> Trouble:
    """Return something that goes wrong somewhere."""
    problem = pick(chance, {problem: problem.weight for problem in script.problems})
    district = pick(chance, {district: district.share for district in script.districts})
    communities = sorted(city.within(district.code)["community"])
    # People do not complain evenly: the first communities of a district are its busy ones.
    community = pick(chance, {code: len(communities) - number for number, code in enumerate(communities)})
    unit = city.unit_on_duty(problem.code, {"district": district.code, "community": community})
    if unit is None:
        raise LookupError(f"demo.yaml gives {problem.code} in {district.code} to no unit")
    return Trouble(problem, district, community, chance.choice(script.roads), chance.choice(script.near), unit)


def content(
    wrong: Trouble, channel: str, at: datetime, script: Script, city: City, chance: Random
) -> dict[str, object]:
    """Return the report as the channel sends it."""
    said: dict[str, object] = {
        "text": chance.choice(wrong.problem.texts).format(road=wrong.road, near=wrong.near),
        "address": f"{wrong.district.name}{wrong.road}{chance.randint(2, 320)}号{wrong.near}",
    }
    if channel != "patrol":
        name = chance.choice(script.surnames) + chance.choice(script.given)
        said["reporter"] = {"name": name, "phone": f"1200000{chance.randint(0, 9999):04d}"}
        said["reported_at"] = (at - timedelta(seconds=chance.uniform(20, 240))).isoformat(timespec="seconds")
    if channel == "patrol" or chance.random() < KNOWS_CATEGORY:
        said["category"] = wrong.problem.code
    if channel == "patrol" or chance.random() < KNOWS_PLACE:
        lon, lat = ground.spot(city.shapes[wrong.community], chance)
        said |= {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    return said


def inputs(action: Action, wrong: Trouble, unit: str, at: datetime, script: Script, chance: Random) -> dict[str, str]:
    """Return what is filled in for an action; `unit` is the one a dispatcher chooses."""
    words = script.words.get(action.name, wrong.problem.results)
    number = chance.randrange(len(words))
    given = {
        "category": wrong.problem.code,
        "district": wrong.district.code,
        "unit": unit,
        "helpers": unit,
        "better_unit": wrong.unit,
        "until": (at + timedelta(days=30)).date().isoformat(),
    }
    filled = {}
    for need in action.needs:
        if need.kind == "text":
            filled[need.name] = words[number]
        elif need.kind == "choice":  # the words of a choice stand in its order
            filled[need.name] = need.choices[number % len(need.choices)][0]
        elif need.name in given:
            filled[need.name] = given[need.name]
    return filled
