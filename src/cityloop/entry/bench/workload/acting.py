"""A worker of the actions benchmark: takes cases by the direct path, or only writes rows, until the time is up."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

STRAIGHT = (  # each action with the person who does it
    ("accept", "operator"),
    ("file", "duty"),
    ("dispatch", "dispatcher"),
    ("report_back", "roads"),
    ("pass_check", "collector"),
    ("close", "duty"),
)
INPUTS = {"category": "06013", "unit": "roads", "result": "已修复", "finding": "现场平整", "note": "请按时办理"}

# The least that an action does: lock the case, end a task, begin another, update the case, write the event.
_BARE = (
    "SELECT id FROM bench_case WHERE id = %s FOR UPDATE",
    "UPDATE bench_task SET done_at = now() WHERE case_id = %s AND done_at IS NULL",
    "INSERT INTO bench_task (case_id) VALUES (%s)",
    "UPDATE bench_case SET length = length + 1 WHERE id = %s",
    'INSERT INTO bench_event (case_id, payload) VALUES (%s, \'{"action": "accept", "opened": []}\')',
)


@dataclass(frozen=True, slots=True)
class Work:
    """The order of a worker: real actions on the cases with these numbers, or (floor) bare rows for these ids."""

    cases: list[str]
    district: str
    seconds: float
    floor: bool


@dataclass(slots=True)
class Done:
    """The outcome of a worker."""

    actions: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


def worked(work: Work) -> Done:
    """Do actions until the time is up, or all cases are closed."""
    step = _bare_step() if work.floor else real_step(work.district)
    done, began_at = Done(), time.perf_counter()
    for number in work.cases:
        for task, (action, username) in enumerate(STRAIGHT, start=1):
            started_at = time.perf_counter()
            if started_at - began_at > work.seconds:
                done.seconds = started_at - began_at
                return done
            step(number, task, action, username)
            done.actions += 1
            done.latencies.append(time.perf_counter() - started_at)
    done.seconds = time.perf_counter() - began_at
    return done


def real_step(district: str) -> Callable[[str, int, str, str], None]:
    """Return what does an action on a task of a case: given its number, the task, the action and the username."""
    from cityloop.casework.actions import act
    from cityloop.registry.city.current import current_city
    from cityloop.registry.models import Account
    from cityloop.registry.organisation.actors import actor_of
    from cityloop.runtime import clock

    current_city()  # loaded before the measurement, as in a process that has been running for a while
    actors = {account.username: actor_of(account) for account in Account.objects.all()}
    inputs = {**INPUTS, "district": district}

    def step(number: str, task: int, action: str, username: str) -> None:
        act(number, action, task, actors[username], inputs, task, clock.now())

    return step


def _bare_step() -> Callable[[str, int, str, str], None]:
    from django.db import connection, transaction

    def step(number: str, task: int, action: str, username: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _BARE:
                cursor.execute(statement, [int(number)])

    return step


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.runtime.settings")
    import django

    django.setup()
    print(json.dumps(asdict(worked(Work(**json.load(sys.stdin))))))
