"""Jobs of evaluation: export facts, count what screens requested. Only workers load the engine."""

from datetime import UTC, datetime

from procrastinate.contrib.django import app

from cityloop.evaluation import actions
from cityloop.evaluation.answers import asked as answers
from cityloop.runtime import clock
from cityloop.runtime.jobs import AFTER_OUTAGE


@app.periodic(cron="7 * * * *", periodic_id="export-facts")
@app.task(
    name="evaluation.export_facts",
    queueing_lock="export-facts",
    lock="facts",
    queue=answers.QUEUE,
    priority=answers.SOONER,
    retry=AFTER_OUTAGE,
)
def export_facts(timestamp: int) -> None:  # the minute it was due, given by Procrastinate
    """Export the current facts; remove editions that are not kept and answers that nobody uses."""
    now = clock.now()
    actions.export_facts(now)
    actions.prune(now)
    answers.forget_old(now)


@app.task(
    name="evaluation.refresh_facts",
    queueing_lock="refresh-facts",
    lock="facts",
    queue=answers.QUEUE,
    priority=answers.SOONER,
    retry=AFTER_OUTAGE,
)
def refresh_facts(asked_at: str) -> None:
    """Export the facts on request, unless that was done since."""
    latest = answers.latest_edition()
    if latest is None or latest.as_of < datetime.fromisoformat(asked_at).astimezone(UTC):
        actions.export_facts(clock.now())


@app.task(name="evaluation.count_answer", queue=answers.QUEUE, retry=AFTER_OUTAGE)
def count_answer(key: str) -> None:
    """Count what a screen requested."""
    actions.count_answer(key, clock.now())
