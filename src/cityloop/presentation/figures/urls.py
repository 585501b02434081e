"""The addresses of figures. The live counts of today are pages of the workbench."""

from django.urls import path

from cityloop.presentation.figures import views
from cityloop.presentation.figures.navigation import RAIL

app_name = "figures"
rail = RAIL

urlpatterns = [
    path("", views.ranking, name="ranking"),
    path("refresh/", views.refresh, name="refresh"),
    path("export/", views.export, name="export"),
    path("<slug:pack>/<slug:indicator>/", views.figure, name="figure"),
    path("<slug:pack>/<slug:indicator>/cases/", views.cases, name="cases"),
]
