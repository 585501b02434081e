"""The two processes behind the web: the announcer of events, and the worker that does jobs."""

import sys

import django

from cityloop.runtime.processes import Stop, end_with_parent


def announce() -> None:
    """Hand events to their subscribers until told to stop."""
    from cityloop.runtime import announcer

    announcer.run(Stop())


def work() -> None:
    """Do jobs until told to stop; a job begun is finished."""
    from procrastinate.contrib.django import app

    worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    with worker.open():
        worker.run_worker(concurrency=2, delete_jobs="successful", shutdown_graceful_timeout=20)


ROOMS = {"announce": announce, "work": work}

if __name__ == "__main__":
    end_with_parent()
    django.setup()
    ROOMS[sys.argv[1]]()
