"""Units, people and rosters as text, and the forms that change them. What is valid is decided in registry."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from cityloop.casework.queries import Choice
from cityloop.core.errors import Refusal
from cityloop.core.personal_words import masked_phone
from cityloop.presentation.pages.fields import FormField, faults_of
from cityloop.registry.city.city import City
from cityloop.registry.city.facts import title
from cityloop.registry.models import UNIT_KINDS, Unit
from cityloop.registry.organisation.queries import AccountEvent, HeldPost, PersonLine

KIND_WORDS = dict(
    zip(
        UNIT_KINDS,
        (
            gettext_noop("Government department"),
            gettext_noop("Street office"),
            gettext_noop("Residents' community"),
            gettext_noop("Company"),
            gettext_noop("Centre"),
            gettext_noop("Housing estate"),
        ),
        strict=True,
    )
)
EVENT_WORDS = {
    "AccountCreated": gettext_noop("Account made"),
    "AccountChanged": gettext_noop("Name or telephone changed"),
    "AccountAppointed": gettext_noop("Post given"),
    "AppointmentEnded": gettext_noop("Post ended"),
    "AccountEnded": gettext_noop("Account ended"),
    "AccountReopened": gettext_noop("Account reopened"),
    "PasswordSet": gettext_noop("Password set"),
    "PasswordRehashed": gettext_noop("Password hashed by a stronger method"),
    "RecoveryCodesRenewed": gettext_noop("New recovery codes made"),
    "RecoveryCodeUsed": gettext_noop("Recovery code used"),
    "SecondFactorAdded": gettext_noop("Second factor set up"),
    "SecondFactorRemoved": gettext_noop("Second factor removed"),
    "SessionsEnded": gettext_noop("Sessions ended"),
    "SignInLocked": gettext_noop("Sign-in locked after failed attempts"),
    "SignInUnlocked": gettext_noop("Lock of sign-in lifted"),
    "SignInSecretMade": gettext_noop("Sign-in link made"),
    "TelephoneShown": gettext_noop("Telephone shown"),
    "TokenMade": gettext_noop("Token made"),
    "TokensRevoked": gettext_noop("Tokens revoked"),
}
YES, NO = "1", "0"

Posted = Mapping[str, str]
Field = Callable[..., FormField]


def kind_of_unit(kind: str) -> str:
    """Return the name of a kind of unit."""
    return _(KIND_WORDS[kind]) if kind in KIND_WORDS else kind


def role_words(role: str, city: City) -> str:
    """Return the name of a role."""
    known = city.roles.get(role)
    return title(known.title) if known else role


def area_words(area: str | None, city: City) -> str:
    """Return the name of a post's area; none means the whole city."""
    known = city.areas.get(area or "")
    return known.name if known else area or _("whole city")


def post_words(post: HeldPost, city: City) -> dict[str, Any]:
    """Return a post as text with its codes."""
    unit = city.units.get(post.unit)
    return {
        "post": post,
        "role": role_words(post.role, city),
        "unit": unit.name if unit else post.unit,
        "area": area_words(post.area, city),
    }


def person_words(person: PersonLine, city: City) -> dict[str, Any]:
    """Return a person as text, the telephone masked."""
    phone = masked_phone(person.phone) if person.phone else ""
    return {"account": person, "phone": phone, "posts": [post_words(post, city) for post in person.posts]}


def event_lines(events: Iterable[AccountEvent], names: Mapping[str, str], city: City) -> list[dict[str, Any]]:
    """Return the events of an account as text."""
    return [
        {
            "at": event.at,
            "what": _(EVENT_WORDS[event.name]) if event.name in EVENT_WORDS else event.name,
            "by": names.get(event.by, event.by),
            "detail": _of_post(event.payload, city),
        }
        for event in events
    ]


def hours_words(starts_at: datetime, ends_at: datetime) -> str:
    """Return a shift's hours, both moments in the city's time: 20:00–08:00."""
    until = "24:00" if ends_at.time() == time.min and ends_at.date() > starts_at.date() else f"{ends_at:%H:%M}"
    return f"{starts_at:%H:%M}–{until}"


def unit_fields(unit: Unit | None, city: City, posted: Posted, refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form of a unit, new (None) or known, with what was typed and its faults."""
    field = form_field(posted, refusal)
    kinds = tuple(Choice(kind, _(words)) for kind, words in KIND_WORDS.items())
    parent = unit.parent.code if unit and unit.parent else ""
    own = unit.code if unit else ""
    code = (field("code", _("Code"), "line", "", required=True, help=_("It stays for good.")),) if unit is None else ()
    active = (
        (field("is_active", _("Active"), "select", _flag(unit.is_active), required=True, choices=yes_or_no(),
               help=_("A unit that is not active keeps its cases and gets no new ones.")),)
        if unit else ()
    )  # fmt: skip
    return (
        *code,
        field("name", pgettext("organisation", "Name"), "line", unit.name if unit else "", required=True),
        field("kind", _("Kind"), "select", unit.kind if unit else "department", required=True, choices=kinds),
        field("parent", _("Belongs to"), "select", parent, choices=unit_choices(city, without=own, kept=parent)),
        field("handles", _("May be given cases"), "select", _flag(unit.handles) if unit else YES, required=True,
              choices=yes_or_no()),
        field("aliases", _("Also called"), "line", "、".join(unit.aliases) if unit else "",
              help=_("Several are parted by commas.")),
        field("credit_code", _("Unified social credit code"), "line", unit.credit_code if unit else ""),
        field("telephone", _("Telephone"), "phone", unit.telephone if unit else ""),
        *active,
        reason_field(field),
    )  # fmt: skip


def person_fields(city: City, posted: Posted, refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form of a new account with its first post."""
    field = form_field(posted, refusal)
    return (
        field("username", _("User name"), "line", "", required=True, help=_("It stays for good.")),
        field("name", _("Name"), "line", "", required=True),
        field("phone", _("Telephone"), "phone", "", help=_("Kept encrypted, shown masked.")),
        *post_fields(city, posted, refusal),
    )


def change_fields(person: PersonLine, posted: Posted, refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form that changes an account's name or telephone."""
    field = form_field(posted, refusal)
    return (
        field("name", _("Name"), "line", person.name, required=True),
        field("phone", _("New telephone"), "phone", "", help=_("Empty: it stays. A hyphen takes it away.")),
    )


def post_fields(city: City, posted: Posted, refusal: Refusal | None) -> tuple[FormField, ...]:
    """Return the form of a post."""
    field = form_field(posted, refusal)
    areas = tuple(
        Choice(area.code, area.name)
        for area in city.areas.values()
        if area.level in ("district", "street", "community")
    )
    return (
        field("role", _("Role"), "select", "", required=True, choices=role_choices(city)),
        field("unit", pgettext("organisation", "Unit"), "select", "", required=True, choices=unit_choices(city)),
        field("area", _("Area"), "select", "", choices=areas, help=_("Empty: the whole city.")),
    )


def shift_fields(
    city: City, people: Iterable[tuple[str, str]], today: str, posted: Posted, refusal: Refusal | None
) -> tuple[FormField, ...]:
    """Return the form of a shift."""
    field = form_field(posted, refusal)
    named = tuple(Choice(username, f"{name} ({username})") for username, name in people)
    return (
        field("unit", pgettext("organisation", "Unit"), "select", "", required=True, choices=unit_choices(city)),
        field("role", _("Role"), "select", "", required=True, choices=role_choices(city)),
        field("person", _("Person"), "select", "", required=True, choices=named),
        field("day", _("Day"), "date", today, required=True),
        field("hours", _("Hours"), "line", "08:00-20:00", required=True,
              help=_("Such as 20:00-08:00, which goes over midnight.")),
        field("note", _("Note"), "line", ""),
    )  # fmt: skip


def reason_field(field: Field) -> FormField:
    """Return the field of the reason, which every manual change has."""
    return field("reason", _("Reason"), "line", "", required=True, help=_("It is shown in the history."))


def form_field(posted: Posted, refusal: Refusal | None) -> Field:
    """Return a function that makes the fields of a form: each with what was typed, else its value, and its fault."""
    faults = faults_of(refusal)

    def field(name: str, words: str, kind: str, value: str, **more: Any) -> FormField:
        return FormField(name, words, kind, value=posted.get(name, value), fault=faults.get(name, ""), **more)

    return field


def yes_or_no() -> tuple[Choice, ...]:
    """Return the two answers."""
    return (Choice(YES, _("Yes")), Choice(NO, _("No")))


def unit_choices(city: City, without: str = "", kept: str = "") -> tuple[Choice, ...]:
    """Return the active units, and the given one even if it is not active."""
    units = (unit for unit in city.units.values() if unit.code != without)
    return tuple(Choice(unit.code, unit.name) for unit in units if unit.is_active or unit.code == kept)


def role_choices(city: City) -> tuple[Choice, ...]:
    """Return the roles that people hold."""
    return tuple(Choice(role.name, title(role.title)) for role in city.roles.values() if role.name != "partner")


def _of_post(payload: Mapping[str, object], city: City) -> str:
    if "role" not in payload:
        return ""
    unit = city.units.get(str(payload["unit"]))
    area = area_words(str(payload["area"]) or None, city)
    return " · ".join((role_words(str(payload["role"]), city), unit.name if unit else str(payload["unit"]), area))


def _flag(value: bool) -> str:
    return YES if value else NO
