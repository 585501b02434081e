"""The addresses of settings."""

from django.urls import path

from cityloop.presentation.settings.areas import views as area_views
from cityloop.presentation.settings.catalogue import views as catalogue_views
from cityloop.presentation.settings.facilities import views as facility_views
from cityloop.presentation.settings.history import views as change_views
from cityloop.presentation.settings.navigation import RAIL
from cityloop.presentation.settings.organisation import urls as organisation_urls
from cityloop.presentation.settings.packs import views as pack_views
from cityloop.presentation.settings.places import views as place_views
from cityloop.presentation.settings.procedures import views

app_name = "settings"
rail = RAIL

urlpatterns = [
    path("", views.index, name="index"),
    path("areas/", area_views.areas, name="areas"),
    path("areas/checks/", area_views.checks, name="area_checks"),
    path("areas/doubts.geojson", area_views.doubts, name="area_doubts"),
    path("areas/where/", area_views.where_is_it, name="area_where"),
    path("areas/of/<path:code>/edit/", area_views.edit_area, name="edit_area"),
    path("areas/of/<path:code>/", area_views.area, name="area"),
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
    path("places/", place_views.places, name="places"),
    path("places/remove/", place_views.remove, name="remove_place"),
    path("packs/", pack_views.packs, name="packs"),
    path("packs/<slug:name>/", pack_views.pack, name="pack"),
    *organisation_urls.urlpatterns,
    path("procedures/", views.procedures, name="procedures"),
    path("procedures/<slug:name>/<int:version>/", views.procedure, name="procedure"),
]
