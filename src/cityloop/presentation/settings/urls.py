"""The addresses of settings."""

from django.urls import path

from cityloop.presentation.settings import catalogue_views, change_views, facility_views, views

app_name = "settings"

urlpatterns = [
    path("", views.index, name="index"),
    path("catalogues/", catalogue_views.catalogues, name="catalogues"),
    path("catalogues/use/", catalogue_views.use_catalogue, name="use_catalogue"),
    path("catalogues/add/", catalogue_views.add_class, name="add_class"),
    path("catalogues/classes/<path:reference>/limits/", catalogue_views.set_limits, name="class_limits"),
    path("catalogues/classes/<path:reference>/condition/", catalogue_views.set_condition, name="class_condition"),
    path("catalogues/classes/<path:reference>/", catalogue_views.category, name="class"),
    path("changes/", change_views.changes, name="changes"),
    path("changes/<int:number>/", change_views.change, name="change"),
    path("changes/<int:number>/undo/", change_views.undo_change, name="undo_change"),
    path("facilities/", facility_views.facilities, name="facilities"),
    path("facilities/<str:code>/", facility_views.facility, name="facility"),
    path("facilities/<str:code>/edit/", facility_views.edit_facility, name="edit_facility"),
    path("procedures/", views.procedures, name="procedures"),
    path("procedures/<slug:name>/<int:version>/", views.procedure, name="procedure"),
]
