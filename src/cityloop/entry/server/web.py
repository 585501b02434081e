"""The web server process: granian with the web application. It ends with the process that started it."""

import resource
import signal
import sys

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from cityloop.runtime.processes import end_with_parent, tell_children

CONNECTIONS = 8_000  # open at once in a worker; an idle one costs a file descriptor and no thread
HEAD_SECONDS = 10  # for the line and the headers of a request to arrive


def serve(port: int, workers: int, application: str) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM; a worker that dies is restarted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = CONNECTIONS if most == resource.RLIM_INFINITY else min(CONNECTIONS, most // 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    Granian(
        application,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        backpressure=connections,
        http=HTTPModes.http1,  # auto waits without end for a first byte
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000),
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    # SIGKILL: granian may wait for a worker that is still starting. Clients repeat requests without a response.
    end_with_parent(signal.SIGKILL)
    tell_children()
    serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
