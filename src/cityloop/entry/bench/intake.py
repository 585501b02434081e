"""The intake benchmark: reports per second that become cases, against an endpoint that only inserts a row.

The server is that of `cityloop serve` with all its processes; senders, server and database share the machine.
Stretches of both kinds alternate, so that other load on the machine affects both equally.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from cityloop.core.errors import NotPossible
from cityloop.entry.bench.workload.senders import SendingOrder, SendingOutcome
from cityloop.entry.bench.workload.serving import served, wait, wait_for_announcer
from cityloop.entry.console.opening import Tell
from cityloop.entry.server.serving import free_port, web_command
from cityloop.runtime.configuration import Configuration

WARM_UP = 1.0  # seconds of load before the first stretch, not counted
CHANNEL = "bench"
SENDER = "bench-sender"

_FLOOR_TABLE = "CREATE TABLE bench_floor (id bigserial PRIMARY KEY, external_id text NOT NULL, content jsonb NOT NULL)"
_NOT_KEPT_ONCE = """
    SELECT count(*) FROM unnest(%s::text[], %s::text[]) AS receipt(external_id, number)
     WHERE 1 <> (SELECT count(*) FROM intake_report AS report JOIN casework_case AS kept ON kept.id = report.case_id
                   JOIN runtime_event AS event ON event.stream = 'case/' || kept.id
                   JOIN casework_task AS task ON task.case_id = kept.id
                  WHERE report.channel = %s AND report.external_id = receipt.external_id
                    AND report.number = receipt.number AND kept.number = receipt.number)
"""


@dataclass(frozen=True, slots=True)
class IntakeFigures:
    """The measured figures; `statements` counts the SQL statements of one report, with BEGIN and COMMIT."""

    rates: Sequence[float]
    floor_rates: Sequence[float]
    latencies: Sequence[float]
    statements: int
    acknowledged: int
    not_kept_once: int
    refused: int

    @property
    def rate(self) -> float:
        return median(self.rates)

    @property
    def ratio(self) -> float:
        return self.rate / median(self.floor_rates)

    def latency(self, share: float) -> float:
        """Return the seconds within which this share of the reports was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def measure(city: Configuration, seconds: float, stretches: int, connections: int, tell: Tell) -> IntakeFigures:
    """Measure both kinds for `seconds` each."""
    from cityloop.entry.commands.accounts import token_for

    token = token_for(SENDER, (), lambda _: None)
    _run_sql(_FLOOR_TABLE)
    with served(city.home_folder) as (port, _), _floor_served(city) as floor_port:
        order = replace(report_order(port, token), seconds=seconds / stretches, connections=connections)
        floor = replace(order, port=floor_port, path="/floor", prefix="F")
        warm = [_send(replace(kind, seconds=WARM_UP, prefix=f"{kind.prefix}W")) for kind in (floor, order)]
        outcomes: dict[str, list[SendingOutcome]] = {"floor": [], "intake": []}
        for stretch in range(stretches):
            for name, kind in (("floor", floor), ("intake", order)):
                wait_for_announcer()
                outcome = _send(replace(kind, prefix=f"{kind.prefix}{stretch}"))
                if not outcome.receipts:
                    raise NotPossible("bench-nothing-accepted", {"name": name, "statuses": outcome.refused})
                outcomes[name].append(outcome)
                tell(f"{name}: {_rate(outcome):,.0f}/s")
        receipts = [receipt for outcome in (warm[1], *outcomes["intake"]) for receipt in outcome.receipts]
        return IntakeFigures(
            rates=[_rate(outcome) for outcome in outcomes["intake"]],
            floor_rates=[_rate(outcome) for outcome in outcomes["floor"]],
            latencies=[latency for outcome in outcomes["intake"] for latency in outcome.latencies],
            statements=_statements(token),
            acknowledged=len(receipts),
            not_kept_once=_not_kept_once(receipts),
            refused=sum(sum(o.refused.values()) + o.broken for both in outcomes.values() for o in both),
        )


def _rate(outcome: SendingOutcome) -> float:
    return len(outcome.receipts) / outcome.seconds


def report_order(port: int, token: str) -> SendingOrder:
    """Return the order for reports to the API, in and around the demo's areas."""
    from cityloop.entry.demo import script as demo

    script = demo.script()
    (lon, lat), (width, height) = script.centre, script.span
    return SendingOrder(
        port=port,
        path="/api/v1/reports",
        token=token,
        seconds=WARM_UP,
        connections=1,
        channel=CHANNEL,
        prefix="R",
        west=lon - 0.6 * width,
        south=lat - 0.6 * height,
        east=lon + 0.6 * width,
        north=lat + 0.6 * height,
        texts=[text for problem in script.problems for text in problem.texts],
        categories=[problem.code for problem in script.problems],
    )


def _send(order: SendingOrder) -> SendingOutcome:
    """Send reports from a process of its own; return the outcome."""
    done = subprocess.run(
        [sys.executable, "-m", "cityloop.entry.bench.workload.senders"],
        input=json.dumps(asdict(order)),
        capture_output=True,
        text=True,
        check=True,
    )
    outcome = SendingOutcome(**json.loads(done.stdout))
    outcome.receipts = [(external_id, number) for external_id, number in outcome.receipts]
    return outcome


@contextmanager
def _floor_served(city: Configuration) -> Iterator[int]:
    port = free_port(0)
    command = web_command(port, int(city.web_workers), "cityloop.entry.bench.workload.floor:application")
    with subprocess.Popen(command) as process:
        try:
            wait(lambda: _answers(f"http://127.0.0.1:{port}/floor"), "floor-silent")
            yield port
        finally:
            process.terminate()
            process.wait()


def _answers(address: str) -> bool:
    request = urllib.request.Request(address, data=b'{"external_id": "first"}')  # noqa: S310  # our own address
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 201)
    except OSError:
        return False


def _statements(token: str) -> int:
    """Return the number of SQL statements of one report, once the process is warm."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"authorization": f"Bearer {token}"}, SERVER_NAME="127.0.0.1")
    for attempt in ("first", "second"):
        content = {
            "channel": CHANNEL,
            "external_id": f"counted-{attempt}",
            "text": "路灯不亮",
            "lon": 112.86,
            "lat": 31.42,
        }
        content |= {"address": "长江路1号", "reporter": {"name": "张三", "phone": "12000000000"}}
        with CaptureQueriesContext(connection) as captured:
            answer = client.post("/api/v1/reports", content, content_type="application/json")
        if answer.status_code != 201:
            raise NotPossible("bench-refused", {"what": "/api/v1/reports", "status": answer.status_code})
    return len(captured)


def _not_kept_once(receipts: Sequence[tuple[str, str]]) -> int:
    """Return how many acknowledged reports are not stored exactly once, with case, task and event."""
    ids, numbers = [external_id for external_id, _ in receipts], [number for _, number in receipts]
    return int(_run_sql(_NOT_KEPT_ONCE, [ids, numbers, CHANNEL])[0][0])


def _run_sql(statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []
