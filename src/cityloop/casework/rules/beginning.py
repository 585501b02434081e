"""The procedure, facts and inputs of a case begun by hand or by an action on another case. actions.py writes it."""

from datetime import datetime

from cityloop.core import chain
from cityloop.core.actors import Actor
from cityloop.core.errors import NotAllowed, NotFound
from cityloop.core.place.areas import PLACED
from cityloop.core.procedures.casefile import CaseState, Move
from cityloop.core.procedures.deciding import may_begin
from cityloop.core.procedures.opening import OWN
from cityloop.core.procedures.procedure import CaseRelation, NewCaseRule, Procedure
from cityloop.registry.city.city import City

TAKEN_OVER = ("category", *PLACED, "grids", "lon", "lat", "crs", "raw_lon", "raw_lat", "facility")
_INVERSE = {CaseRelation.CHILD: CaseRelation.PARENT, CaseRelation.PARENT: CaseRelation.CHILD}


def by_hand(name: str, actor: Actor, city: City) -> Procedure:
    """Return the newest version of a procedure; refuse one that is not begun by hand, or not by this actor."""
    if name not in {existing for existing, _ in city.procedures}:
        raise NotFound("no-such-procedure")
    procedure = city.latest(name)
    if may_begin(procedure, actor) is None:
        raise NotAllowed("may-not-begin")
    return procedure


def inverse(relation: CaseRelation) -> CaseRelation:
    """Return the relation as seen from the other case."""
    return _INVERSE.get(relation, relation)


def facts_taken_over(state: CaseState, now: datetime) -> dict[str, str]:
    """Return the facts that a case takes over from the case that began it."""
    place = {name: state.facts[name] for name in TAKEN_OVER if state.facts.get(name)}
    units = {"origin_units": " ".join(sorted(state.handling_units))} if state.handling_units else {}
    return {**place, **units, "channel": "linked", "origin": state.facts["number"], "reported_at": chain.moment(now)}


def inputs_for(new: NewCaseRule, move: Move, state: CaseState) -> dict[str, str]:
    """Return the inputs of the new case's beginning: fixed ones of the rule, and answers of the move."""
    answers = {**move.answers, **move.words}
    task = state.task(move.task)
    own_unit = (task.unit if task else None) or (move.by.unit if move.by else "")
    passed_on = {name: own_unit if source == OWN else answers.get(source, "") for name, source in new.gives.items()}
    return {name: text for name, text in {**new.given, **passed_on}.items() if text}
