"""Outages: the database does not answer, or a disk is full. No bug: the web answers 503, the log has one line."""

import errno
import logging
import time
from collections.abc import Iterator

import psycopg

RETRY_SECONDS = 5  # what a sender is asked to wait
QUIET_SECONDS = 60.0  # before the same outage is logged again
STATES = ("08", "53", "57P", "58")  # SQLSTATE: connection, resources, shutdown or recovery, failure of the system


def outage(error: BaseException | None) -> str:
    """Return in one line what is out of service, if the error or what caused it says so; empty for any other error."""
    return next((_line(cause) for cause in _causes(error) if _is_outage(cause)), "")


class OneLine(logging.Filter):
    """Log an outage as one line without a traceback, and the same one again only after QUIET_SECONDS."""

    def __init__(self) -> None:
        super().__init__()
        self._quiet_until: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        line = next(filter(None, map(outage, _errors(record))), "")
        if not line:
            return True
        now = time.monotonic()
        if now < self._quiet_until.get(record.name, 0.0):
            return False
        self._quiet_until[record.name] = now + QUIET_SECONDS
        message = " ".join(record.getMessage().split())
        record.msg, record.args = message if line in message else f"{message}: {line}", None
        record.exc_info = record.exc_text = None
        return True


def _errors(record: logging.LogRecord) -> list[BaseException]:
    named = [record.exc_info[1] if record.exc_info else None, *(record.args if isinstance(record.args, tuple) else ())]
    return [error for error in named if isinstance(error, BaseException)]


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, psycopg.OperationalError):  # without a state: it could not connect, or the connection broke
        return error.sqlstate is None or error.sqlstate.startswith(STATES)
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
