"""Names this floor for Django."""

from django.apps import AppConfig


class PresentationConfig(AppConfig):
    name = "cityloop.presentation"
    label = "presentation"
