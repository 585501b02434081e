"""What a report says, read from whatever a channel sends; every fault is named with its field. Nothing is written."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from cityloop.core import chain
from cityloop.core.codes import facilities as facility_codes
from cityloop.core.errors import Fault, Invalid
from cityloop.core.place.geo import Crs, check_point, parse_crs, to_wgs84

SKEW = timedelta(minutes=10)  # a sender's clock may be ahead by this much
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CHANNEL = re.compile(r"[a-z0-9][a-z0-9_.-]*")
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")  # controls, halves of a character
LONGEST = {"channel": 40, "external_id": 200, "text": 4000, "category": 100, "address": 256, "name": 100, "phone": 40}
LONGEST |= {"facility": facility_codes.LONGEST}
FIELDS = ("channel", "external_id", "text", "lon", "lat", "crs", "category", "address", "reported_at", "reporter",
          "facility")  # fmt: skip


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

    def content(self) -> bytes:
        """Return the one spelling of what the report says: a retry has the same, another report does not."""
        point = self.point
        said: list[Any] = [self.text, self.category, self.address, self.reporter_name, self.reporter_phone]
        said += [point.raw_lon, point.raw_lat, point.crs.value] if point else [None, None, None]
        said.append(chain.moment(self.reported_at) if self.reported_at else None)
        # Only where there is one: reports handed in before facilities could be named stay the same content.
        said += [self.facility] if self.facility else []
        return chain.canonical(said)


def read(content: Mapping[str, Any], zone: tzinfo, now: datetime) -> Report:
    """Return the report; raise Invalid naming every field that is wrong and why."""
    faults: list[Fault] = [Fault(name, "is not a field of a report") for name in content if name not in FIELDS]
    reporter = content.get("reporter") or {}
    if not isinstance(reporter, Mapping):
        faults.append(Fault("reporter", "must hold name and phone"))
        reporter = {}
    report = Report(
        channel=_words(content, "channel", faults, required=True).lower(),
        external_id=_words(content, "external_id", faults, required=True),
        text=_words(content, "text", faults, required=True),
        point=_point(content, faults),
        category=_words(content, "category", faults) or None,
        address=_words(content, "address", faults) or None,
        reported_at=_moment(content.get("reported_at"), zone, now, faults),
        reporter_name=_words(reporter, "name", faults, within="reporter.") or None,
        reporter_phone=_phone(_words(reporter, "phone", faults, within="reporter.")) or None,
        facility=_facility(_words(content, "facility", faults), faults) or None,
    )
    if report.channel and not CHANNEL.fullmatch(report.channel):
        faults.append(Fault("channel", "must be letters a to z, digits, hyphens and dots, such as 12345"))
    if faults:
        raise Invalid(faults)
    return report


def _words(
    content: Mapping[str, Any], name: str, faults: list[Fault], *, required: bool = False, within: str = ""
) -> str:
    """Return the field's words without blanks around them; a number given for words is taken as its digits."""
    value = content.get(name)
    if value is None:
        value = ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    field = within + name
    if not isinstance(value, str):
        faults.append(Fault(field, "must be text"))
        return ""
    words = unicodedata.normalize("NFC", value).strip()
    if fault := _fault_of(words, LONGEST[name]):
        faults.append(Fault(field, fault))
    elif required and not words:
        faults.append(Fault(field, "must be given"))
    return words


def _fault_of(words: str, longest: int) -> str | None:
    if len(words) > longest:
        return f"is longer than {longest} characters"
    if UNSTORABLE.search(words):
        return "contains a character that cannot be stored"
    return None


def _point(content: Mapping[str, Any], faults: list[Fault]) -> Point | None:
    lon, lat = (_number(content.get(name), name, faults) for name in ("lon", "lat"))
    crs = _crs(content.get("crs"), faults)
    if lon is None and lat is None:
        return None
    if lon is None or lat is None or crs is None:
        missing = "lon" if lon is None else "lat"
        if crs is not None and not any(fault.field == missing for fault in faults):
            faults.append(Fault(missing, "must be given together with the other coordinate"))
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
        faults.append(Fault(name, "must be a number of degrees, such as 114.0579"))
        return None
    if not math.isfinite(number):
        faults.append(Fault(name, "must be a number of degrees, such as 114.0579"))
        return None
    return number


def _crs(value: Any, faults: list[Fault]) -> Crs | None:
    if value in (None, ""):
        return Crs.WGS84
    try:
        return parse_crs(str(value))
    except ValueError as error:
        faults.append(Fault("crs", str(error)))
        return None


def _moment(value: Any, zone: tzinfo, now: datetime, faults: list[Fault]) -> datetime | None:
    """Return the moment in UTC; one without an offset is meant in the city's time."""
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (AttributeError, ValueError, OverflowError):
        faults.append(Fault("reported_at", "must be a moment such as 2026-11-21T15:00:00+08:00"))
        return None
    if not EARLIEST <= moment <= now + SKEW:
        faults.append(Fault("reported_at", "lies in the future, or before 1990; check the sender's clock"))
        return None
    return moment


def _facility(words: str, faults: list[Fault]) -> str:
    """Return the id of a facility; whether there is one of that id, a census may tell later."""
    try:
        return facility_codes.tidy(words)
    except ValueError as error:
        faults.append(Fault("facility", str(error)))
        return ""


def _phone(words: str) -> str:
    """Return a telephone number with half-width digits and without the spaces people type."""
    return re.sub(r"[\s-]+", "", unicodedata.normalize("NFKC", words))
