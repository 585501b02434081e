"""The addresses of OGC API – Features."""

from django.urls import path

from cityloop.presentation.features import views as features

app_name = "features"

urlpatterns = [
    path("", features.landing, name="landing"),
    path("conformance", features.conformance, name="conformance"),
    path("api", features.api, name="api"),
    path("collections", features.list_collections, name="collections"),
    path("collections/<str:name>", features.one_collection, name="collection"),
    path("collections/<str:name>/items", features.items, name="items"),
    path("collections/<str:name>/items/<path:key>", features.item, name="item"),
]
