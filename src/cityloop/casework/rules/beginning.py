"""What a case that is begun by hand, or by an action on another case, is given. Writing it is done in actions.py."""

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
    """Return the procedure in its newest version; refuse one that is not begun by hand, or not by this actor."""
    if all(known != name for known, _ in city.procedures):
        raise NotFound("no-such-procedure", "There is no such procedure.")
    way = city.latest(name)
    if may_begin(way, actor) is None:
        raise NotAllowed("may-not-begin", "None of your posts may begin such a case.")
    return way


def inverse(relation: CaseRelation) -> CaseRelation:
    """Return how this case stands to the other, from how the other stands to this one."""
    return _INVERSE.get(relation, relation)


def taken_over(state: CaseState, now: datetime) -> dict[str, str]:
    """Return the facts that a case takes over from the one it was begun from."""
    place = {name: state.facts[name] for name in TAKEN_OVER if state.facts.get(name)}
    units = {"origin_units": " ".join(sorted(state.handling_units))} if state.handling_units else {}
    return {**place, **units, "channel": "linked", "origin": state.facts["number"], "reported_at": chain.moment(now)}


def given(new: NewCaseRule, move: Move, state: CaseState) -> dict[str, str]:
    """Return what the beginning of the new case is given for what it asks."""
    said = {**move.answers, **move.words}
    task = state.task(move.task)
    own = (task.unit if task else None) or (move.by.unit if move.by else "")
    taken = {theirs: own if ours == OWN else said.get(ours, "") for theirs, ours in new.gives.items()}
    return {name: words for name, words in {**new.given, **taken}.items() if words}
