"""The desk's form for a new report: its fields and what becomes of them. What a valid report is, intake decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _

from cityloop.casework.queries import Choice
from cityloop.core.actors import Actor
from cityloop.core.errors import Refusal
from cityloop.core.place.geo import Crs, check_point, parse_crs, to_wgs84
from cityloop.intake.actions import DESK, Receipt, receive
from cityloop.intake.reports import read
from cityloop.presentation.pages.fields import FormField, faults_of
from cityloop.presentation.pages.sentences import sentence
from cityloop.registry.facilities.queries import NEAR_METRES, NearFacility, nearest_alike
from cityloop.registry.organisation.actors import categories, districts

_SYSTEMS = (
    Choice("wgs84", "WGS-84 · GPS"),
    Choice("cgcs2000", "CGCS2000"),
    Choice("gcj02", "GCJ-02 · 高德 腾讯"),
    Choice("bd09", "BD-09 · 百度"),
)


@dataclass(frozen=True, slots=True)
class NearFacilities:
    """The facilities that a report may be about, to choose from; nothing is chosen unless a person does."""

    rows: tuple[NearFacility, ...] = ()
    chosen: str = ""
    metres: int = int(NEAR_METRES)


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The form as drawn; `key` makes a second press of the button the same report."""

    key: str
    what: tuple[FormField, ...]
    where: tuple[FormField, ...]
    point: tuple[FormField, ...]
    who: tuple[FormField, ...]
    facility: FormField
    near: NearFacilities
    refused: str = ""
    faults: tuple[FormField, ...] = ()


def blank_report(now: datetime) -> ReportForm:
    """Return the empty form, reported now."""
    values = {"reported_at": localtime(now).strftime("%Y-%m-%d %H:%M"), "crs": "wgs84"}
    return _form(str(uuid4()), values, None)


def filled_report(posted: Mapping[str, str], refusal: Refusal) -> ReportForm:
    """Return the form with what was typed and its faults."""
    return _form(posted.get("external_id", ""), posted, refusal)


def send_report(posted: Mapping[str, str], actor: Actor, now: datetime) -> Receipt:
    """Hand the report to intake."""
    return receive(read(_as_report(posted), get_current_timezone(), now), actor, now)


def near_facilities(values: Mapping[str, str]) -> NearFacilities:
    """Return the facilities of the report's class near its point; none while either is not known."""
    category, pair = values.get("category", "").strip(), _pair(values)
    rows = nearest_alike(category, *pair) if category and pair else []
    return NearFacilities(tuple(rows), values.get("near_facility", ""))


def _pair(values: Mapping[str, str]) -> tuple[float, float] | None:
    try:
        lon, lat = (float(values.get(name, "").strip()) for name in ("lon", "lat"))
        crs = parse_crs(values.get("crs") or Crs.WGS84)
    except ValueError:
        return None
    return None if check_point(lon, lat) else to_wgs84(lon, lat, crs)


def _as_report(posted: Mapping[str, str]) -> dict[str, object]:
    names = ("external_id", "text", "address", "district", "category", "lon", "lat", "crs", "reported_at")
    reporter = {name: posted.get(f"reporter_{name}", "") for name in ("name", "phone")}
    facility = posted.get("facility", "").strip() or posted.get("near_facility", "")
    values = {name: posted.get(name, "").strip() for name in names}
    return {"channel": DESK, "reporter": reporter, "facility": facility, **values}


def _form(key: str, values: Mapping[str, str], refusal: Refusal | None) -> ReportForm:
    faults = faults_of(refusal)

    def field(name: str, title: str, kind: str, **more: object) -> FormField:
        fault = faults.get(name) or faults.get(name.replace("_", ".", 1), "")
        return FormField(name, title, kind, value=values.get(name, ""), fault=fault, **more)  # type: ignore[arg-type]

    what = (
        field(
            "text", _("What is wrong"), "text", required=True, rows=4, help=_("What was seen or said, in plain words.")
        ),
        field(
            "category",
            _("Category"),
            "select",
            choices=tuple(Choice(c.value, c.title) for c in categories()),
            help=_("Leave it empty when in doubt: it is settled when the report is accepted."),
        ),
        field("reported_at", _("Reported at"), "line", help=_("City time.")),
    )
    where = (
        field("address", _("Address"), "line", help=_("Street and number, crossing or well-known place.")),
        field(
            "district",
            _("District"),
            "select",
            choices=tuple(Choice(d.value, d.title) for d in districts()),
            help=_("If it was said; it need not be in the address too."),
        ),
    )
    point = (
        field("lon", _("Longitude"), "number"),
        field("lat", _("Latitude"), "number"),
        field("crs", _("Coordinate system"), "select", required=True, choices=_SYSTEMS),
    )
    facility = field("facility", _("Facility id"), "line", help=_("As on its plate, if it has one."))
    who = (
        field("reporter_name", _("Name"), "line"),
        field("reporter_phone", _("Phone"), "phone"),
    )
    shown = tuple(f for f in (*what, *where, *point, facility, *who) if f.fault)
    near = near_facilities(values)
    return ReportForm(key, what, where, point, who, facility, near, sentence(refusal) if refusal else "", shown)
