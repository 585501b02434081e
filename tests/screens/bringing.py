"""Cases brought to where an action waits, along the paths that plans.py finds, by real actions. No test is here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO

import pytest
from PIL import Image

from cityloop.casework.actions import act, begin_case, wake
from cityloop.casework.history import evidence
from cityloop.casework.models import Case
from cityloop.core.actors import Actor
from cityloop.core.procedures.needs import members
from cityloop.core.procedures.opening import Terms
from cityloop.core.procedures.procedure import NeedKind, Procedure
from cityloop.presentation.workbench import views
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from example import NOW, PEOPLE, SmallCity
from plans import CATEGORY, UNITS, Plans, Step, answers, plans

_PLANS: dict[tuple[str, int, str], Plans] = {}


@dataclass(frozen=True)
class Waiting:
    """A case where an action waits, and the step by which somebody may do it."""

    number: str
    step: Step


@dataclass(frozen=True)
class Bringing:
    """What brings cases to where an action waits; the pages then show that moment."""

    people: dict[str, Actor]
    city: SmallCity
    report: Callable[..., str]
    patch: pytest.MonkeyPatch

    def to(self, name: str, district: str = "", version: int = 0) -> Waiting:
        """Bring a case, of the newest version unless one is given, to where `procedure.action` waits."""
        procedure, _, action = name.partition(".")
        declared = current_city().procedures[procedure, version] if version else current_city().latest(procedure)
        return self.brought(declared, action, district or self.city.north)

    def brought(self, procedure: Procedure, action: str, district: str) -> Waiting:
        """Bring a case to where the action waits; one of the system's own, to just before its moment."""
        steps = _plans(procedure, district)[action]
        number = self._begun(procedure, district)
        for step in steps[:-1]:
            self._advance(procedure, number, step, steps[-1])
        last = replace(steps[-1], answers=_with_photos(procedure, steps[-1]))
        self.at(last.at)
        return Waiting(number, last)

    def at(self, moment: datetime) -> None:
        """Let the pages show a moment."""
        self.patch.setattr(views, "now", lambda: moment)

    def _begun(self, procedure: Procedure, district: str) -> str:
        if procedure.name == "city-problem":
            place = self.city.inside_north if district == self.city.north else self.city.inside_south
            with self.patch.context() as patch:  # an older version begins as when nothing was newer
                patch.setattr(City, "latest", lambda known, name: known.procedures[name, procedure.version])
                return self.report(f"{procedure.version}-{Case.objects.count()}", place, reporter={"name": "张三丰"})
        if procedure.begins.role:
            username = next(name for name, (role, _, _) in PEOPLE.items() if role == procedure.begins.role)
            given = answers(procedure.begins.needs, UNITS[:1], district)
            return begin_case(
                procedure.name, self._ideal(username), given, f"{procedure.name} {Case.objects.count()}", NOW
            )
        return self._begun_from_another(procedure, district)

    def _begun_from_another(self, procedure: Procedure, district: str) -> str:
        other, action = next(
            (other, action.name)
            for other in reversed(current_city().procedures.values())
            for action in other.actions.values()
            if action.begins_case and action.begins_case.procedure == procedure.name and not action.automatic
        )
        waiting = self.brought(other, action, district)
        self._advance(other, waiting.number, waiting.step)
        return Case.objects.get(number=waiting.number).links[-1][1]

    def _advance(self, procedure: Procedure, number: str, step: Step, last: Step | None = None) -> None:
        if step.username:
            given = _with_photos(procedure, step)
            act(number, step.action, step.task, self._ideal(step.username), given, None, step.at)
        elif last is None or last.username or step.at < last.at:
            wake(Case.objects.get(number=number).pk, step.at)

    def _ideal(self, username: str) -> Actor:
        """Return the person as if their posts were for the whole city."""
        actor = self.people[username]
        return replace(actor, posts=tuple(replace(post, area=None) for post in actor.posts))


def _plans(procedure: Procedure, district: str) -> Plans:
    known = procedure.name, procedure.version, district
    if known not in _PLANS:
        terms = Terms(current_city().calendar, current_city().categories[CATEGORY].limits)
        _PLANS[known] = plans(procedure, terms, district)
    return _PLANS[known]


def _with_photos(procedure: Procedure, step: Step) -> dict[str, str]:
    """Return the answers with photos that are kept in place of those that were only counted."""
    names = [need.name for need in procedure.actions[step.action].needs if need.kind is NeedKind.PHOTOS]
    kept = {name: [kept_photo(no) for no in range(len(members(step.answers.get(name))))] for name in names}
    return {**step.answers, **{name: " ".join(digests) for name, digests in kept.items() if digests}}


def kept_photo(no: int = 0) -> str:
    """Keep a photo, a different one for every number, and return its digest."""
    content = BytesIO()
    Image.new("RGB", (9 + no, 9)).save(content, "JPEG")
    return evidence.take_in(content.getvalue(), "photos")
