"""The addresses of settings."""

from django.urls import path

from cityloop.presentation.settings import change_views, views

app_name = "settings"

urlpatterns = [
    path("", views.index, name="index"),
    path("changes/", change_views.changes, name="changes"),
    path("changes/<int:number>/", change_views.change, name="change"),
    path("changes/<int:number>/undo/", change_views.undo_change, name="undo_change"),
    path("procedures/", views.procedures, name="procedures"),
    path("procedures/<slug:name>/<int:version>/", views.procedure, name="procedure"),
]
