"""The addresses of units, people, rosters and responsibility; settings/urls.py includes them."""

from django.urls import path

from cityloop.presentation.settings.organisation import (
    duty_views,
    people_views,
    roster_views,
    sign_in_views,
    unit_views,
)

urlpatterns = [
    path("units/", unit_views.units, name="units"),
    path("units/new/", unit_views.new_unit, name="new_unit"),
    path("units/of/<path:code>/edit/", unit_views.edit_unit, name="edit_unit"),
    path("units/of/<path:code>/", unit_views.unit, name="unit"),
    path("people/", people_views.people, name="people"),
    path("people/new/", people_views.new_person, name="new_person"),
    path("people/of/<path:username>/edit/", people_views.edit_person, name="edit_person"),
    path("people/of/<path:username>/appoint/", people_views.appoint, name="appoint"),
    path("people/of/<path:username>/end-post/", people_views.end_post, name="end_post"),
    path("people/of/<path:username>/end/", people_views.end_person, name="end_person"),
    path("people/of/<path:username>/reopen/", people_views.reopen_person, name="reopen_person"),
    path("people/of/<path:username>/link/", people_views.person_link, name="person_link"),
    path("people/of/<path:username>/phone/", people_views.person_phone, name="person_phone"),
    path("people/of/<path:username>/remove-second-factor/", sign_in_views.remove_factor, name="person_factor"),
    path("people/of/<path:username>/unlock/", sign_in_views.unlock, name="person_unlock"),
    path("people/of/<path:username>/end-sessions/", sign_in_views.end_sessions, name="person_sessions"),
    path("people/of/<path:username>/", people_views.one_person, name="person"),
    path("rosters/", roster_views.rosters, name="rosters"),
    path("rosters/add/", roster_views.add_shift, name="add_shift"),
    path("rosters/remove/", roster_views.remove_shift, name="remove_shift"),
    path("duties/", duty_views.duties, name="duties"),
    path("duties/set/", duty_views.set_duty, name="set_duty"),
    path("duties/remove/", duty_views.remove_duty, name="remove_duty"),
    path("duties/classes/<path:reference>/", duty_views.one_class, name="duty_class"),
    path("duties/in/<str:district>/<path:major>/", duty_views.classes, name="duty_classes"),
]
