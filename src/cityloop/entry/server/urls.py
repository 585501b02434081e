"""The root URLconf."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from cityloop.presentation.api.v1 import addresses


def health(request: HttpRequest) -> HttpResponse:
    """Respond with `ok` if this process and its database work."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok", content_type="text/plain")


urlpatterns = [
    path("health", health),
    path("api/v1/", addresses()),
    path("ogc/", include("cityloop.presentation.features.urls")),
    path("settings/", include("cityloop.presentation.settings.urls")),
    path("figures/", include("cityloop.presentation.figures.urls")),
    path("", include("cityloop.presentation.account.urls")),
    path("", include("cityloop.presentation.workbench.urls")),
]

handler400 = "cityloop.presentation.failures.unreadable"
handler403 = "cityloop.presentation.failures.forbidden"
handler404 = "cityloop.presentation.failures.missing"
handler500 = "cityloop.presentation.failures.broken"
