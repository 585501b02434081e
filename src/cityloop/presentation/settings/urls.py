"""The addresses of settings."""

from django.urls import path

from cityloop.presentation.settings import views

app_name = "settings"

urlpatterns = [
    path("procedures/", views.procedures, name="procedures"),
    path("procedures/<slug:name>/<int:version>/", views.procedure, name="procedure"),
]
