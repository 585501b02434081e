"""Who is responsible for a case, as shown next to the form, and which units the case may not be handed to.

The decision is made in core.place.responsibility over the city's duties; here it is asked for one case. The same
`barred` limits the choices of a form and refuses what is sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext

from cityloop.casework.words import area_name, named_category, unit_name
from cityloop.core.errors import NotPossible
from cityloop.core.place.responsibility import (
    DutyAnswer,
    DutyCount,
    DutyGround,
    DutyRule,
    FacilityRole,
    Skipped,
)
from cityloop.core.procedures.needs import members
from cityloop.core.procedures.procedure import (
    Need,
    NeedKind,
    Procedure,
    Separation,
    TaskOpening,
    Words,
)
from cityloop.registry.city.city import City
from cityloop.registry.organisation.actors import facility_units

CHOOSING = (NeedKind.UNIT, NeedKind.UNITS)
_ROLES: dict[FacilityRole, Callable[[], str]] = {
    FacilityRole.MAINTAINER: lambda: gettext("maintainer of the facility"),
    FacilityRole.OWNER: lambda: gettext("owner of the facility"),
    FacilityRole.AUTHORITY: lambda: gettext("authority of the facility"),
}
_SKIPPED: dict[Skipped, Callable[[], str]] = {
    Skipped.UNKNOWN: lambda: gettext("not among the units"),
    Skipped.CLOSED: lambda: gettext("no longer active"),
    Skipped.HANDLES_NOTHING: lambda: gettext("is given no cases"),
    Skipped.LISTED: lambda: gettext("not pushed down"),
}


@dataclass(frozen=True)
class Responsibility:
    """Who is responsible for a case, as far as its class and place are known."""

    facts: Words
    city: City

    @cached_property
    def areas(self) -> Mapping[str, str]:
        """The areas that contain the case, by level."""
        own = {level: self.facts[level] for level in ("district", "community") if self.facts.get(level)}
        smallest = own.get("community") or own.get("district")
        return {**self.city.lineage(smallest), **own}

    @cached_property
    def answer(self) -> DutyAnswer:
        """The units that are responsible, and those passed over."""
        facility = facility_units(self.facts.get("facility"))
        return self.city.responsible(self.facts.get("category"), self.areas, facility)

    @cached_property
    def listed(self) -> DutyRule | None:
        """The duty by which the case is on a department's list of powers and duties; None if it is on none."""
        return self.city.listed(self.facts.get("category"), self.areas)

    def barred(self, unit: str) -> bool:
        """Return whether the case may not be handed to a unit: a listed duty is not pushed down to a community."""
        return self.listed is not None and self.city.is_of_community(unit)

    def refusal(self, unit: str) -> NotPossible | None:
        """Return why the case may not be handed to a unit; None if it may."""
        if self.listed is None or not self.barred(unit):
            return None
        basis = gettext(" (%(basis)s)") % {"basis": self.listed.basis} if self.listed.basis else ""
        names = {"class": self._class(), "unit": self._name(self.listed.unit), "chosen": self._name(unit)}
        return NotPossible("not-pushed-down", {**names, "basis": basis})

    def explanation(self) -> str:
        """Return who is responsible, and why, in a sentence for whoever chooses a unit."""
        sentences = [self._responsible_units()]
        if self.answer.skipped:
            skipped = gettext(", ").join(
                gettext("%(unit)s (%(why)s)") % {"unit": self._name(ground.unit), "why": _SKIPPED[reason]()}
                for ground, reason in self.answer.skipped
            )
            sentences.append(gettext("Passed over: %(units)s.") % {"units": skipped})
        return " ".join(sentences)

    def list_hint(self) -> str:
        """Return why no community is among the choices; an empty string if communities may be chosen."""
        if self.listed is None:
            return ""
        return gettext("Communities are left out: %(class)s is on the list of powers and duties of %(unit)s.") % {
            "class": self._class(),
            "unit": self._name(self.listed.unit),
        }

    def _responsible_units(self) -> str:
        first = gettext(", ").join(self._with_reason(ground) for ground in self.answer.first)
        match self.answer.standing:
            case DutyCount.NONE:
                return gettext("Nobody is registered as responsible for this class here.")
            case DutyCount.ONE:
                return gettext("Responsible: %(unit)s.") % {"unit": first}
            case DutyCount.MANY:
                return gettext("Several are equally responsible: %(units)s.") % {"units": first}

    def _with_reason(self, ground: DutyGround) -> str:
        return gettext("%(unit)s (%(why)s)") % {"unit": self._name(ground.unit), "why": why(ground, self.city)}

    def _name(self, unit: str) -> str:
        return unit_name(unit, self.city) or unit

    def _class(self) -> str:
        category = self.facts.get("category")
        return f"{category} {named_category(category, None, self.city)}"


def why(ground: DutyGround, city: City) -> str:
    """Return why a unit is responsible: 设施养护单位, 06010 × 滨河区."""
    if ground.role:
        return _ROLES[ground.role]()
    if ground.duty is None:
        return ""
    return duty_words(ground.duty.category, ground.duty.area, city)


def duty_words(category: str, area: str, city: City) -> str:
    """Return the class and area of a duty: 06010 × 滨河区."""
    place = area_name(area, city) if area else gettext("whole city")
    return f"{category or gettext('any class')} × {place}"


def check_handed_to(needs: Iterable[Need], inputs: Words, facts: Words, city: City) -> None:
    """Refuse to hand a case to a unit that it may not be pushed down to; `needs` are those that hand it over."""
    chosen = [unit for need in needs for unit in members(inputs.get(need.name))]
    responsibility = Responsibility(facts, city)
    for unit in chosen:
        if refusal := responsibility.refusal(unit):
            raise refusal


def handing(needs: Sequence[Need], procedure: Procedure, opens: Sequence[TaskOpening]) -> tuple[Need, ...]:
    """Return the needs by which a case is handed to a unit that did not have it before.

    Needs that only name who is to judge, or who is to act again, hand nothing over.
    """
    named = {opening.unit for opening in opens}
    given = {
        opening.unit
        for opening in opens
        if not opening.again and procedure.tasks[opening.kind].part is not Separation.JUDGING
    }
    return tuple(need for need in needs if need.kind in CHOOSING and need.name not in named - given)


def openings(procedure: Procedure, action: str) -> tuple[TaskOpening, ...]:
    """Return what an action of a procedure may open, its branches included."""
    declared = procedure.actions[action]
    return (*declared.opens, *(opening for branch in declared.branches for opening in branch.opens))
