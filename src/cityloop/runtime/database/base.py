"""The connection that Django keeps between requests. Everything but the check that it still lives is Django's own."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the socket instead of the server, which would cost every request a round trip."""

    def is_usable(self) -> bool:
        """Return whether the server is still there: an idle connection has nothing to read, a cut one has its end."""
        if self.connection is None or self.connection.closed:
            return False
        watch = select.poll()
        watch.register(self.connection.fileno(), select.POLLIN)
        return not watch.poll(0)
