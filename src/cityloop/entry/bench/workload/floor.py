"""The floor of the intake benchmark: an endpoint in the same web stack that stores a report by one durable insert.

It parses the JSON and returns a receipt. It has no authentication, no places, no clocks and no history.
"""

import json
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from cityloop.entry.server.receiving import Receiving
from cityloop.runtime.processes import end_with_parent

_INSERT = "INSERT INTO bench_floor (external_id, content) VALUES (%s, %s) RETURNING id"


@csrf_exempt  # as the API's own endpoints are
def keep(request: HttpRequest) -> HttpResponse:
    """Store the request body with one statement in its own transaction."""
    report = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [report["external_id"], request.body.decode()])
        number = str(cursor.fetchone()[0])
    return JsonResponse({"number": number, "tracking_code": number}, status=201)


urlpatterns = [path("floor", keep)]

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cityloop.runtime.settings")

end_with_parent()
application = Receiving(get_wsgi_application())
settings.ROOT_URLCONF = __name__
