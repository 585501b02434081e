"""The workbench's addresses."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter
from django.views.generic import RedirectView
from django.views.i18n import set_language

from cityloop.presentation.workbench import views
from cityloop.presentation.workbench.navigation import RAIL


class CaseNumber(StringConverter):
    """A case's number; no address with anything else in it is a case's."""

    regex = "[0-9]+"


register_converter(CaseNumber, "case_number")

app_name = "workbench"
rail = RAIL

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="workbench:queue"), name="home"),
    path("queue/", views.queue, name="queue"),
    path("cases/", views.cases, name="cases"),
    path("cases/<case_number:number>/", views.case, name="case"),
    path("cases/<case_number:number>/act/", views.act_on_case, name="act"),
    path("cases/<case_number:number>/photos/<slug:digest>/", views.photo, name="photo"),
    path("cases/<case_number:number>/documents/<int:seq>/<slug:name>/", views.document, name="document"),
    path("cases/<case_number:number>/reporter/", views.reporter, name="reporter"),
    path("cases/new/<slug:procedure>/", views.new_case, name="new_case"),
    path("reports/new/", views.new_report, name="new_report"),
    path("reports/new/facilities/", views.near_report, name="near_report"),
    path("figures/districts/", views.districts, name="districts"),
    path("language/", set_language, name="language"),
]
