"""Jobs and timers: Procrastinate in the city's own database, and the runtime's jobs.

Nothing is deferred inside an action: the announcer's subscribers defer, in the transaction of their position.
"""

from django.db import InterfaceError, OperationalError
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from cityloop.runtime import clock
from cityloop.runtime.configuration import Configuration
from cityloop.runtime.log import checkpoints

AFTER_OUTAGE = RetryStrategy(  # for work that otherwise waits an hour or a night; the waits add up to more than an hour
    max_attempts=12, exponential_wait=2, retry_exceptions=[InterfaceError, OperationalError, OSError]
)
FIRST = 1  # the priority of upkeep: it must not wait until thousands of limits that passed are noted


def _configuration() -> Configuration:
    from django.conf import settings

    configuration: Configuration = settings.CITYLOOP
    return configuration


@app.periodic(cron="* * * * *", periodic_id="checkpoint")
@app.task(name="runtime.checkpoint", queueing_lock="checkpoint", priority=FIRST)
def checkpoint(timestamp: int) -> None:  # the minute it was due, passed by Procrastinate
    """Seal what has happened since the last checkpoint."""
    checkpoints.seal(_configuration().home_folder, clock.now())


@app.periodic(cron="*/2 * * * *", periodic_id="stalled")
@app.task(name="runtime.retry_stalled", queueing_lock="stalled", pass_context=True, priority=FIRST)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Retry the jobs of workers that died.

    Where the same job is waiting already, the one of the dead worker is removed: the other does its work, and could not
    start while this one holds their lock.
    """
    for job in await app.job_manager.get_stalled_jobs():
        try:
            await app.job_manager.retry_job(job)
        except UniqueViolation:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
