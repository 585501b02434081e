"""Who is responsible for a case, in words beside the form, and which units it may not be handed to.

Who is responsible is decided in core.responsibility over the city's duties; here it is asked for a case. The same
`barred` narrows what a form offers and refuses what is sent.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext, gettext_noop, override

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
PUSHED_DOWN = gettext_noop(
    "%(class)s is on the list of powers and duties of %(unit)s%(basis)s: it may not be pushed down to %(chosen)s."
)
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
    """Who is responsible where a case lies, as far as its class and place are known."""

    facts: Words
    city: City

    @cached_property
    def areas(self) -> Mapping[str, str]:
        """The areas the case lies in, by level."""
        named = {level: self.facts[level] for level in ("district", "community") if self.facts.get(level)}
        smallest = named.get("community") or named.get("district")
        return {**self.city.lineage(smallest), **named}

    @cached_property
    def answer(self) -> DutyAnswer:
        facility = facility_units(self.facts.get("facility"))
        return self.city.responsible(self.facts.get("category"), self.areas, facility)

    @cached_property
    def listed(self) -> DutyRule | None:
        """The duty by which the case stands on a department's list."""
        return self.city.listed(self.facts.get("category"), self.areas)

    def barred(self, unit: str) -> bool:
        """Return whether the case may not be handed to a unit: a department's duty stays out of communities."""
        return self.listed is not None and self.city.is_of_community(unit)

    def refusal(self, unit: str) -> NotPossible | None:
        """Return why the case may not be handed to a unit; None where it may."""
        if self.listed is None or not self.barred(unit):
            return None
        words = {language[:2]: self._pushed_down(self.listed, unit, language) for language in ("zh-hans", "en")}
        return NotPossible("not-pushed-down", words["en"], words=words)

    def told(self) -> str:
        """Return who is responsible, and why, in a sentence for whoever chooses a unit."""
        said = [self._first()]
        if self.answer.skipped:
            passed = gettext(", ").join(
                gettext("%(unit)s (%(why)s)") % {"unit": self._name(ground.unit), "why": _SKIPPED[why]()}
                for ground, why in self.answer.skipped
            )
            said.append(gettext("Passed over: %(units)s.") % {"units": passed})
        return " ".join(said)

    def told_of_list(self) -> str:
        """Return why no community is among the choices; nothing where some may be."""
        if self.listed is None:
            return ""
        return gettext("Communities are left out: %(class)s is on the list of powers and duties of %(unit)s.") % {
            "class": self._class(),
            "unit": self._name(self.listed.unit),
        }

    def _first(self) -> str:
        first = gettext(", ").join(self._named(ground) for ground in self.answer.first)
        match self.answer.standing:
            case DutyCount.NONE:
                return gettext("Nobody is registered as responsible for this class here.")
            case DutyCount.ONE:
                return gettext("Responsible: %(unit)s.") % {"unit": first}
            case DutyCount.MANY:
                return gettext("Several are equally responsible: %(units)s.") % {"units": first}

    def _named(self, ground: DutyGround) -> str:
        return gettext("%(unit)s (%(why)s)") % {"unit": self._name(ground.unit), "why": why(ground, self.city)}

    def _name(self, unit: str) -> str:
        return unit_name(unit, self.city) or unit

    def _class(self) -> str:
        category = self.facts.get("category")
        return f"{category} {named_category(category, None, self.city)}"

    def _pushed_down(self, duty: DutyRule, unit: str, language: str) -> str:
        with override(language):
            return gettext(PUSHED_DOWN) % {
                "class": self._class(),
                "unit": self._name(duty.unit),
                "basis": gettext(" (%(basis)s)") % {"basis": duty.basis} if duty.basis else "",
                "chosen": self._name(unit),
            }


def why(ground: DutyGround, city: City) -> str:
    """Return why a unit is responsible: 设施养护单位, 06010 × 滨河区."""
    if ground.role:
        return _ROLES[ground.role]()
    if ground.duty is None:
        return ""
    return duty_words(ground.duty.category, ground.duty.area, city)


def duty_words(category: str, area: str, city: City) -> str:
    """Return what a duty is for: 06010 × 滨河区."""
    place = area_name(area, city) if area else gettext("whole city")
    return f"{category or gettext('any class')} × {place}"


def check_handed_to(needs: Iterable[Need], inputs: Words, facts: Words, city: City) -> None:
    """Refuse to hand a case to a unit that it may not be pushed down to; `needs` are those that hand it over."""
    chosen = [unit for need in needs for unit in members(inputs.get(need.name))]
    there = Responsibility(facts, city)
    for unit in chosen:
        if refused := there.refusal(unit):
            raise refused


def handing(needs: Sequence[Need], way: Procedure, opens: Sequence[TaskOpening]) -> tuple[Need, ...]:
    """Return the needs by which a case is handed to a unit that was not given it before.

    Those that only name who is to judge, or who is to act again, hand nothing over.
    """
    harmless = {one.unit for one in opens if one.again or way.tasks[one.kind].part is Separation.JUDGING}
    harmless -= {one.unit for one in opens if not one.again and way.tasks[one.kind].part is not Separation.JUDGING}
    return tuple(need for need in needs if need.kind in CHOOSING and need.name not in harmless)


def openings(way: Procedure, action: str) -> tuple[TaskOpening, ...]:
    """Return what an action of a procedure may open, its branches included."""
    declared = way.actions[action]
    return (*declared.opens, *(one for branch in declared.branches for one in branch.opens))
