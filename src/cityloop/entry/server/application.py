"""The web application that the web server runs: Django's WSGI application behind the reader of requests."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from cityloop.entry.server.receiving import Receiving
from cityloop.runtime.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.runtime.settings")

end_with_parent(signal.SIGKILL)  # see web.py
application = Receiving(get_wsgi_application())
