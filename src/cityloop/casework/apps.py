"""The Django app of casework; it registers the handlers of its events."""

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    name = "cityloop.casework"
    label = "casework"

    def ready(self) -> None:
        from cityloop.casework import deadlines, handlers  # noqa: F401  # they register their subscribers
