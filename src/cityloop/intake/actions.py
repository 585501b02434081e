"""Receives reports from every channel, one or a thousand at a time: each becomes a case, once."""

import hashlib
import math
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db import transaction

from cityloop.casework.actions import CaseOpening, open_cases
from cityloop.casework.history.projection import NUMBER_SEQUENCE
from cityloop.core import chain
from cityloop.core.actors import Actor, Post
from cityloop.core.errors import Conflict, NotAllowed
from cityloop.core.place.areas import place_facts
from cityloop.intake import placing
from cityloop.intake.models import Report as Row
from cityloop.intake.reports import Point, Report
from cityloop.registry.city.city import NO_FACILITY, City
from cityloop.registry.city.current import current_city
from cityloop.registry.facilities.queries import Tie, ties
from cityloop.registry.gazetteer.finding import WORDS_DISTRICT
from cityloop.registry.people.accounts import PARTNER
from cityloop.runtime import rows
from cityloop.runtime.secrets import keys

PROCEDURE = "city-problem"
MAY_REPORT = ("operator", "duty_officer", "collector", PARTNER)
DESK = "desk"  # the channel of everything that is entered at our own desk
NO_REPORTS = ("linked", "begun", "system")  # of cases that come from no report
OUR_CHANNELS = (DESK, "patrol")  # by which people report, not connected systems
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0, 1, I, L, O, U: can be read aloud without mistakes
CODE_LENGTH = 12  # 59 bits

_INSERT = f"""
    INSERT INTO intake_report (channel, external_id, digest, tracking_code, received_at, case_id, number)
    SELECT channel, external_id, digest, tracking_code, received_at, case_id,
           day || to_char(case_id, 'FM999999999000000')
      FROM (SELECT *, nextval('{NUMBER_SEQUENCE}') AS case_id
              FROM json_to_recordset(%s)
                AS new(channel text, external_id text, digest text, tracking_code text, received_at timestamptz,
                       day text)) AS numbered
        ON CONFLICT (channel, external_id) DO NOTHING
    RETURNING channel, external_id, case_id, number, tracking_code
"""  # noqa: S608  # the only name put in is our own constant


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender gets: the same for every retry; `created` is True the first time."""

    number: str
    tracking_code: str
    created: bool
    words_district: str = ""  # that the report names; empty if its point lies there


Key = tuple[str, str]  # channel and external id
Received = tuple[str, str, str, str]  # of the report that has a key: number, tracking code, digest, district in words


class Numbered(NamedTuple):
    """What a new report was given."""

    case_id: int
    number: str
    tracking_code: str


def may_report(actor: Actor, channel: str | None = None) -> bool:
    """Return whether the actor may hand in reports by a channel, or (None) by any. Our own channels are for people."""
    roles = {post.role for post in actor.posts}
    if channel in NO_REPORTS:
        return False
    if not roles & set(MAY_REPORT) or (channel in OUR_CHANNELS and roles <= {PARTNER}):
        return False
    return channel is None or not actor.channels or channel in actor.channels


def receive(report: Report, actor: Actor, now: datetime) -> Receipt:
    """Make a case of a report, or return the receipt of the first time it was handed in.

    Raises Conflict where another report already has the same channel and external id.
    """
    outcome = receive_many([report], actor, now)[0]
    if isinstance(outcome, Conflict):
        raise outcome
    return outcome


@transaction.atomic
def receive_many(reports: Sequence[Report], actor: Actor, now: datetime) -> list[Receipt | Conflict]:
    """Make cases of reports in one transaction; return a Receipt or a Conflict for each, in order."""
    _check_may_report(reports, actor)
    digests = [_digest(report) for report in reports]
    firsts = {_key(report): (report, digest) for report, digest in reversed(list(zip(reports, digests, strict=True)))}
    created = _insert(firsts, now)
    city = current_city()
    known_facilities = ties([code for name in created if (code := firsts[name][0].facility)])
    openings = _openings([(*firsts[name], new) for name, new in created.items()], city, known_facilities, now)
    open_cases(openings, actor, now, _reporting_post(actor, reports))
    known = _known([name for name in firsts if name not in created])
    named = {opening.id: opening.facts.get(WORDS_DISTRICT, "") for opening in openings}
    known |= {
        name: (new.number, new.tracking_code, firsts[name][1], named[new.case_id]) for name, new in created.items()
    }
    fresh = set(created)
    return [_outcome(_key(report), digest, known, fresh) for report, digest in zip(reports, digests, strict=True)]


def foresee(
    reports: Sequence[Report], earlier: dict[Key, str], keep: Callable[[str], bool]
) -> list[Receipt | Conflict]:
    """Return for each report what `receive_many` would, with receipts that have no number; nothing is written.

    `earlier` are the digests of reports foreseen before by key, to which those are added whose external id is to be
    kept: it may come again.
    """
    known = {key: digest for key, (_, _, digest, _) in _known([_key(report) for report in reports]).items()}
    outcomes: list[Receipt | Conflict] = []
    for report in reports:
        key, digest = _key(report), _digest(report)
        first = known.get(key) or earlier.get(key)
        outcomes.append(Conflict("other-content") if first not in (None, digest) else Receipt("", "", first is None))
        if first is None and keep(report.external_id):
            earlier[key] = digest
    return outcomes


def _check_may_report(reports: Sequence[Report], actor: Actor) -> None:
    """Refuse a person without a post that reports, and a connected system in a channel that is not its own."""
    if not may_report(actor):
        raise NotAllowed("may-not-report")
    for channel in {report.channel for report in reports}:
        if not may_report(actor, channel):
            raise NotAllowed("not-your-channel")


def _reporting_post(actor: Actor, reports: Sequence[Report]) -> Post | None:
    """Return the post in which a person reports, on patrol that of a collector; None for a connected system."""
    posts = [post for post in actor.posts if post.role in MAY_REPORT and post.role != PARTNER]
    on_patrol = any(report.channel == "patrol" for report in reports)
    return min(posts, key=lambda post: (post.role == "collector") != on_patrol, default=None)


def _outcome(key: Key, digest: str, known: Mapping[Key, Received], fresh: set[Key]) -> Receipt | Conflict:
    """Return the receipt of a report, or the conflict with the report of the same key; a new one is fresh once."""
    number, code, received, words_district = known[key]
    if received != digest:
        return Conflict("other-content")
    created = key in fresh
    fresh.discard(key)
    return Receipt(number, code, created, words_district)


def _insert(reports: Mapping[Key, tuple[Report, str]], now: datetime) -> dict[Key, Numbered]:
    """Insert the reports that are new; return what they were given.

    In the order of their keys, so that two imports of the same reports wait for each other instead of deadlocking.
    """
    day = now.astimezone(settings.CITYLOOP.zone).strftime("%Y%m%d")
    new = [
        {"channel": channel, "external_id": external_id, "digest": reports[channel, external_id][1], "day": day}
        for channel, external_id in sorted(reports)
    ]
    found = rows.insert(_INSERT, ({**row, "tracking_code": _tracking_code(), "received_at": now} for row in new))
    return {(channel, external): Numbered(*rest) for channel, external, *rest in found}


def _known(keys: Sequence[Key]) -> dict[Key, Received]:
    known: dict[Key, Received] = {}
    for channel in {channel for channel, _ in keys}:
        ids = [external_id for name, external_id in keys if name == channel]
        columns = ("external_id", "number", "tracking_code", "digest", f"case__facts__{WORDS_DISTRICT}")
        found = Row.objects.filter(channel=channel, external_id__in=ids).values_list(*columns)
        known |= {(channel, name): (number, code, digest, named or "") for name, number, code, digest, named in found}
    return known


def _openings(
    reports: Sequence[tuple[Report, str, Numbered]], city: City, facilities: Mapping[str, Tie], now: datetime
) -> list[CaseOpening]:
    """Return the cases of new reports with their digests; all their places are looked up at once."""
    ties = [facilities.get(report.facility or "") for report, _, _ in reports]
    spots = [placing.spot(report, tie) for (report, _, _), tie in zip(reports, ties, strict=True)]
    lons, lats = np.array([_lon_lat(spot.point) for spot in spots]).reshape(-1, 2).T
    places = city.layout(now.astimezone(city.calendar.time_zone).date()).places_at(lons, lats)
    return [
        _opening(*report, tie, spot, lineage if spot.point else city.lineage(spot.district), grids, city, now)
        for report, tie, spot, (lineage, grids) in zip(reports, ties, spots, places, strict=True)
    ]


def _lon_lat(point: Point | None) -> tuple[float, float]:
    return (float(point.lon), float(point.lat)) if point else (math.nan, math.nan)


def _opening(
    report: Report,
    digest: str,
    given: Numbered,
    facility: Tie | None,
    spot: placing.Spot,
    areas: Mapping[str, str],
    grids: Mapping[str, Sequence[str]],
    city: City,
    now: datetime,
) -> CaseOpening:
    point = spot.point
    category = city.category_of(report.category) if report.category else None
    facts = {
        "channel": report.channel,
        "external_id": report.external_id,
        "receipt": receipt_digest(digest, given.tracking_code),
        "reported_at": chain.moment(min(report.reported_at or now, now)),
        "category": category,
        **place_facts(areas, grids),
        **(spot.found or {}),
        WORDS_DISTRICT: placing.contradiction(report, areas) if point else "",
        "facility": report.facility,
        "duty": city.unit_on_duty(category, areas, facility.units if facility else NO_FACILITY),
    }
    if point:
        facts |= {"lon": point.lon, "lat": point.lat, "crs": point.crs.value}
        facts |= {"raw_lon": point.raw_lon, "raw_lat": point.raw_lat}
    words = {
        "text": report.text,
        "address": report.address,
        "category_words": None if category else report.category,
        "reporter_name": report.reporter_name,
        "reporter_phone": report.reporter_phone,
    }
    return CaseOpening(given.case_id, given.number, PROCEDURE, _without_blanks(facts), _without_blanks(words))


def receipt_digest(digest: str, tracking_code: str) -> str:
    """Return the digest of a report's row for the history; neither content nor code can be guessed from it."""
    return hashlib.sha256(f"{digest} {tracking_code}".encode()).hexdigest()


def _without_blanks(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _digest(report: Report) -> str:
    """Return the keyed digest of a report's content: a short telephone number cannot be guessed from it."""
    return chain.seal(_personal_key(settings.CITYLOOP.home_folder), report.content())


@lru_cache(maxsize=4)
def _personal_key(home: Path) -> bytes:
    return keys.key(home, "personal")


def _tracking_code() -> str:
    number, characters = secrets.randbelow(len(ALPHABET) ** CODE_LENGTH), ""
    for _ in range(CODE_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        characters += ALPHABET[place]
    return characters


def _key(report: Report) -> Key:
    return report.channel, report.external_id
