"""The Django app of the runtime."""

from django.apps import AppConfig


class RuntimeConfig(AppConfig):
    name = "cityloop.runtime"
    label = "runtime"
