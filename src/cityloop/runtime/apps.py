"""Names this floor for Django."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "cityloop.runtime"
    label = "runtime"
