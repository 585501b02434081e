"""The WSGI application that the web server runs."""

import os
import signal

from django.core.wsgi import get_wsgi_application

from cityloop.runtime.processes import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.runtime.settings")

end_with_parent(signal.SIGKILL)  # see web.py
application = get_wsgi_application()
