"""The background processes: the announcer of events, the worker that runs jobs, and the counter of figures."""

import os
import sys
from collections.abc import Sequence

import django

from cityloop.runtime.outages import outage
from cityloop.runtime.processes import Stop, end_with_parent


def announce() -> None:
    """Deliver events to their subscribers until the process is told to stop."""
    from cityloop.runtime.log import announcer

    announcer.run(Stop())


def work(queues: Sequence[str] | None = None) -> None:
    """Run the jobs of some queues, or of all, until the process is told to stop; a running job is finished."""
    from procrastinate.contrib.django import app

    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    with worker.open():
        worker.run_worker(queues=queues, concurrency=2, delete_jobs="successful", shutdown_graceful_timeout=20)


def do_jobs() -> None:
    """Run the jobs of procedures. Figures have a process of their own, so that timers never wait for them."""
    work(["default"])


def count() -> None:
    """Export facts and count figures, at low priority."""
    from cityloop.evaluation.answers.asked import QUEUE

    os.nice(10)
    work([QUEUE])


ROOMS = {"announce": announce, "work": do_jobs, "count": count}

if __name__ == "__main__":
    end_with_parent()
    django.setup()
    try:
        ROOMS[sys.argv[1]]()
    except Exception as error:
        line = outage(error)
        if not line:
            raise
        sys.exit(line)
