"""The web server as a process of its own: granian with the web application, ending with the process that started it."""

import signal
import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from cityloop.runtime.processes import end_with_parent, tell_children

THREADS = 3  # a worker answers so many requests at once, each with a connection of its own
WAITING = 256  # requests that may wait for a thread before the socket is left alone


def serve(port: int, workers: int, application: str) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; a worker that dies is started again."""
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
    # At once: granian may wait for a worker that is only being started. What was not answered is sent again.
    end_with_parent(signal.SIGKILL)
    tell_children()
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
