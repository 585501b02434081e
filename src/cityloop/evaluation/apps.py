"""Names this floor for Django."""

from django.apps import AppConfig


class EvaluationConfig(AppConfig):
    name = "cityloop.evaluation"
    label = "evaluation"
