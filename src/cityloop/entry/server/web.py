"""The web server process: granian with the web application. It ends with the process that started it."""

import signal
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from cityloop.runtime.processes import end_with_parent, tell_children

THREADS = 3  # requests that a worker handles at once, each with a database connection of its own
WAITING = 256  # requests that may wait for a thread before no more connections are accepted


def serve(port: int, workers: int, application: str) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; a worker that dies is restarted."""
    Granian(
        application,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        backpressure=WAITING,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    # SIGKILL: granian may wait for a worker that is still starting. Clients repeat requests without a response.
    end_with_parent(signal.SIGKILL)
    tell_children()
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
