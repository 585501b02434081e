"""Names this package for Django."""

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "cityloop.intake"
    label = "intake"
