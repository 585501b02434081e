"""Handing in reports: each becomes a case, once. Every channel ends here, one report or a thousand at a time."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from cityloop.casework.actions import Opening, open_cases
from cityloop.casework.projection import NUMBER_SEQUENCE
from cityloop.core import chain
from cityloop.core.errors import Conflict, NotAllowed
from cityloop.core.procedure import Actor
from cityloop.intake.models import Report as Row
from cityloop.intake.reports import Report
from cityloop.registry.city import City, city
from cityloop.runtime.keys import key

PROCEDURE = "city-problem"
MAY_REPORT = ("operator", "duty_officer", "collector", "partner")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0, 1, I, L, O, U: read aloud without mistakes
CODE_LENGTH = 12  # 59 bits

_INSERT = f"""
    INSERT INTO intake_report (channel, external_id, digest, tracking_code, received_at, case_id, number)
    SELECT channel, external_id, digest, tracking_code, received_at, case_id,
           day || to_char(case_id, 'FM999999999000000')
      FROM (SELECT *, nextval('{NUMBER_SEQUENCE}') AS case_id
              FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[])
                AS new(channel, external_id, digest, tracking_code, received_at, day)) AS numbered
        ON CONFLICT (channel, external_id) DO NOTHING
    RETURNING channel, external_id, case_id, number, tracking_code
"""  # noqa: S608  # the only name put in is our own constant


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender gets: the same for every retry; `created` is True the first time."""

    number: str
    tracking_code: str
    created: bool


def receive(report: Report, actor: Actor, now: datetime) -> Receipt:
    """Make a case of a report, or return the receipt of the first time it was handed in.

    Raises Conflict when another report already stands under the same channel and external id.
    """
    outcome = receive_many([report], actor, now)[0]
    if isinstance(outcome, Conflict):
        raise outcome
    return outcome


@transaction.atomic
def receive_many(reports: Sequence[Report], actor: Actor, now: datetime) -> list[Receipt | Conflict]:
    """Make cases of reports in one transaction; return a Receipt or a Conflict for each, in order."""
    if not any(post.role in MAY_REPORT for post in actor.posts):
        raise NotAllowed("may-not-report", "None of your posts may hand in reports.")
    digests = [_digest(report) for report in reports]
    created = _insert(reports, digests, now)
    town = city()
    open_cases([_opening(r, *created[_key(r)][:2], town, now) for r in _firsts(reports, created)], actor, now)
    known = _known([report for report in reports if _key(report) not in created])
    outcomes: list[Receipt | Conflict] = []
    given: dict[tuple[str, str], str] = {}
    for report, digest in zip(reports, digests, strict=True):
        if _key(report) in created:
            _, number, code = created[_key(report)]
            first = given.setdefault(_key(report), digest)
            outcomes.append(_receipt(number, code, first, digest, is_first=first is digest))
        else:
            number, code, first = known[_key(report)]
            outcomes.append(_receipt(number, code, first, digest, is_first=False))
    return outcomes


def _receipt(number: str, code: str, first: str, digest: str, *, is_first: bool) -> Receipt | Conflict:
    if first != digest:
        return Conflict("other-content", "Another report with other content already stands under this external id.")
    return Receipt(number, code, is_first)


def _insert(reports: Sequence[Report], digests: Sequence[str], now: datetime) -> dict[tuple[str, str], tuple]:  # type: ignore[type-arg]
    """Insert the reports that are new; return (case id, number, tracking code) by key.

    In the order of their keys, so that two imports of the same reports wait for each other instead of deadlocking.
    """
    day = now.astimezone(settings.CITYLOOP.zone).strftime("%Y%m%d")
    rows = {
        _key(report): (*_key(report), digest, _tracking_code(), now, day)
        for report, digest in reversed(list(zip(reports, digests, strict=True)))
    }
    ordered = [rows[name] for name in sorted(rows)]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [list(column) for column in zip(*ordered, strict=True)])
        return {(channel, external): tuple(rest) for channel, external, *rest in cursor.fetchall()}


def _firsts(reports: Sequence[Report], created: dict[tuple[str, str], tuple]) -> list[Report]:  # type: ignore[type-arg]
    firsts: dict[tuple[str, str], Report] = {}
    for report in reports:
        if _key(report) in created:
            firsts.setdefault(_key(report), report)
    return list(firsts.values())


def _known(reports: Sequence[Report]) -> dict[tuple[str, str], tuple[str, str, str]]:
    known = {}
    for channel in {report.channel for report in reports}:
        ids = [report.external_id for report in reports if report.channel == channel]
        rows = Row.objects.filter(channel=channel, external_id__in=ids)
        known |= {(channel, row.external_id): (row.number, row.tracking_code, row.digest) for row in rows}
    return known


def _opening(report: Report, case_id: int, number: str, town: City, now: datetime) -> Opening:
    point = report.point
    areas = town.areas_at(float(point.lon), float(point.lat)) if point else {}
    category = town.category_of(report.category) if report.category else None
    facts = {
        "channel": report.channel,
        "external_id": report.external_id,
        "reported_at": chain.moment(report.reported_at or now),
        "category": category,
        "category_words": None if category else report.category,
        "district": areas.get("district"),
        "community": areas.get("community"),
        "duty": town.unit_on_duty(category, areas),
    }
    if point:
        facts |= {"lon": point.lon, "lat": point.lat, "crs": point.crs.value}
        facts |= {"raw_lon": point.raw_lon, "raw_lat": point.raw_lat}
    words = {
        "text": report.text,
        "address": report.address,
        "reporter_name": report.reporter_name,
        "reporter_phone": report.reporter_phone,
    }
    return Opening(case_id, number, PROCEDURE, _without_blanks(facts), _without_blanks(words))


def _without_blanks(values: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _digest(report: Report) -> str:
    """Return the keyed digest of what a report says: a short telephone number cannot be guessed back from it."""
    return chain.seal(key(settings.CITYLOOP.home_folder, "personal"), report.content())


def _tracking_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def _key(report: Report) -> tuple[str, str]:
    return report.channel, report.external_id
