"""Names this package for Django."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "cityloop.registry"
    label = "registry"
