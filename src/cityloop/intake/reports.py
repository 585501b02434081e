"""Reads a report from what a channel sends; every fault names its field. Nothing is written."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from cityloop.core import chain
from cityloop.core.codes import facilities as facility_codes
from cityloop.core.codes import form as codes
from cityloop.core.errors import Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.place.geo import Crs, check_point, parse_crs, to_wgs84

SKEW = timedelta(minutes=10)  # a clock may be ahead by this much: the report then counts as of when it arrived
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CHANNEL = re.compile(r"[a-z0-9][a-z0-9_.-]*")
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # controls, halves of a character
LONGEST = {"channel": 40, "external_id": 200, "text": 4000, "category": 100, "address": 256, "name": 100, "phone": 40}
LONGEST |= {"district": 100, "facility": codes.LONGEST}
FIELDS = ("channel", "external_id", "text", "lon", "lat", "crs", "category", "address", "reported_at", "reporter",
          "facility", "district")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """A place: as given with its system, and as longitude and latitude of WGS-84 (degrees, 7 decimals)."""

    lon: str
    lat: str
    crs: Crs
    raw_lon: str
    raw_lat: str


@dataclass(frozen=True, slots=True)
class Report:
    """One problem as somebody reported it."""

    channel: str
    external_id: str
    text: str
    point: Point | None
    category: str | None
    address: str | None
    reported_at: datetime | None  # None: when it was handed in
    reporter_name: str | None
    reporter_phone: str | None
    facility: str | None = None  # the id of what it is about
    district: str | None = None  # its code or name, if it is given apart from the address

    def content(self) -> bytes:
        """Return the content in its canonical form: a retry has the same, another report does not."""
        point = self.point
        content: list[Any] = [self.text, self.category, self.address, self.reporter_name, self.reporter_phone]
        content += [point.raw_lon, point.raw_lat, point.crs.value] if point else [None, None, None]
        content.append(chain.moment(self.reported_at) if self.reported_at else None)
        # Only where there is one: the content of reports from before these could be named stays the same.
        content += [self.facility] if self.facility else []
        content += [["district", self.district]] if self.district else []
        return chain.canonical(content)


def read(content: Mapping[str, Any], zone: tzinfo, now: datetime) -> Report:
    """Return the report; raise Invalid with every fault."""
    faults: list[Fault] = [Fault(name, "unknown-field") for name in content if name not in FIELDS]
    reporter = content.get("reporter") or {}
    if not isinstance(reporter, Mapping):
        faults.append(Fault("reporter", "reporter-shape"))
        reporter = {}
    report = Report(
        channel=_text(content, "channel", faults, required=True).lower(),
        external_id=_text(content, "external_id", faults, required=True),
        text=_text(content, "text", faults, required=True),
        point=_point(content, faults),
        category=_text(content, "category", faults) or None,
        address=_text(content, "address", faults) or None,
        reported_at=_moment(content.get("reported_at"), zone, now, faults),
        reporter_name=_text(reporter, "name", faults, within="reporter.") or None,
        reporter_phone=_phone(_text(reporter, "phone", faults, within="reporter.")) or None,
        facility=_facility(_text(content, "facility", faults), faults) or None,
        district=_text(content, "district", faults) or None,
    )
    if report.channel and not CHANNEL.fullmatch(report.channel):
        faults.append(Fault("channel", "not-a-channel"))
    if faults:
        raise Invalid(faults)
    return report


def _text(
    content: Mapping[str, Any], name: str, faults: list[Fault], *, required: bool = False, within: str = ""
) -> str:
    """Return a field's text without blanks around it; a number is taken as its digits."""
    value = content.get(name)
    if value is None:
        value = ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    field = within + name
    if not isinstance(value, str):
        faults.append(Fault(field, "not-text"))
        return ""
    text = unicodedata.normalize("NFC", value).strip()
    if len(text) > LONGEST[name]:
        faults.append(Fault(field, "too-long", {"most": LONGEST[name]}))
    elif UNSTORABLE.search(text):
        faults.append(Fault(field, "unstorable-character"))
    elif required and not text:
        faults.append(Fault(field, "required"))
    return text


def _point(content: Mapping[str, Any], faults: list[Fault]) -> Point | None:
    lon, lat = (_number(content.get(name), name, faults) for name in ("lon", "lat"))
    crs = _crs(content.get("crs"), faults)
    if lon is None and lat is None:
        return None
    if lon is None or lat is None or crs is None:
        missing = "lon" if lon is None else "lat"
        if crs is not None and not any(fault.field == missing for fault in faults):
            faults.append(Fault(missing, "one-coordinate"))
        return None
    if fault := check_point(lon, lat):
        faults.append(Fault("lat" if abs(lat) > 90 else "lon", fault.code))
        return None
    placed = to_wgs84(lon, lat, crs)
    return Point(f"{placed[0]:.7f}", f"{placed[1]:.7f}", crs, f"{lon:.7f}", f"{lat:.7f}")


def _number(value: Any, name: str, faults: list[Fault]) -> float | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(unicodedata.normalize("NFKC", value) if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        faults.append(Fault(name, "not-degrees"))
        return None
    if not math.isfinite(number):
        faults.append(Fault(name, "not-degrees"))
        return None
    return number


def _crs(value: Any, faults: list[Fault]) -> Crs | None:
    if value in (None, ""):
        return Crs.WGS84
    try:
        return parse_crs(str(value))
    except InvalidValue as error:
        faults.append(error.fault("crs"))
        return None


def _moment(value: Any, zone: tzinfo, now: datetime, faults: list[Fault]) -> datetime | None:
    """Return the moment in UTC; one without an offset is in the city's time."""
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        faults.append(Fault("reported_at", "not-a-moment"))
        return None
    if not EARLIEST <= moment <= now + SKEW:
        faults.append(Fault("reported_at", "moment-out-of-range", {"minutes": SKEW // timedelta(minutes=1)}))
        return None
    return moment


def _facility(text: str, faults: list[Fault]) -> str:
    """Return the id of a facility; it need not be known yet, because a census may add it later."""
    try:
        return facility_codes.tidy(text)
    except InvalidValue as error:
        faults.append(error.fault("facility"))
        return ""


def _phone(text: str) -> str:
    """Return a telephone number with half-width digits and without the spaces people type."""
    return re.sub(r"[\s-]+", "", unicodedata.normalize("NFKC", text))
