"""The views of figures: each shows what was counted, or that a worker is still counting. No rule is here."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods

from cityloop.core.errors import Fault, Invalid, NotFound
from cityloop.evaluation.answers import editions
from cityloop.evaluation.answers.asked import Waiting, figures, latest_edition, rows_behind, sheet
from cityloop.evaluation.indicators.appraising import Appraisal
from cityloop.presentation.figures import figure_page as page_of_one
from cityloop.presentation.figures.band_map import band_map
from cityloop.presentation.figures.cases_behind import cases_behind
from cityloop.presentation.figures.questions import choices as offered
from cityloop.presentation.figures.questions.objects import may_be_many
from cityloop.presentation.figures.questions.query import FigureQuery, coded, figure_asked, ranking_asked
from cityloop.presentation.figures.ranking import Ranking, RankingRow, columns, page_of, with_spark
from cityloop.presentation.figures.ranking import ranking as ranked
from cityloop.presentation.pages.htmx import wants_fragment
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import text_asked
from cityloop.registry.city.current import current_city
from cityloop.runtime.clock import now

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 200  # objects on one page
LONG = timedelta(minutes=5)  # an export that takes longer is reported as late


@require_GET
@login_required
def ranking(request: HttpRequest) -> HttpResponse:
    """Rank areas, departments, posts, classes by a figure of a period."""
    try:
        chosen = ranking_asked(request.GET, person(request), current_city())
    except NotFound as missing:
        if missing.code != "no-such-facts" or request.GET.get("edition"):
            raise
        return _shown(request, "ranking", {"chosen": None, **_refreshing(request, None)})
    context = {
        "chosen": chosen,
        "about": page_of_one.description(chosen, offered.language()),
        **_refreshing(request, chosen),
    }
    found = _ranking(chosen, request.GET.get("after", ""))
    if isinstance(found, Waiting):
        return _shown(request, "ranking", {**context, "waiting": found, **offered.choices(request, chosen)})
    drawn = chosen.grouping and chosen.grouping.is_of_areas
    context |= {"table": found.table, "page": found, "following": found.following}
    context["map"] = band_map(found.table.rows, chosen.indicator, chosen.city) if drawn else None
    return _shown(request, "ranking", {**context, **offered.choices(request, chosen)})


@require_http_methods(["GET", "POST"])
@login_required
def refresh(request: HttpRequest) -> HttpResponse:
    """POST: have the facts exported and go back to the ranking, which waits for them. GET: are they there?"""
    query = request.GET.copy()
    query.pop("edition", None)
    if request.method == "POST":
        asked_at = now().replace(microsecond=0)  # as the moments of facts are
        query.pop("asked", None)
        if editions.refresh(person(request), current_city(), asked_at):
            query["asked"] = asked_at.isoformat()
    elif (waiting := _refreshing(request, None))["refreshing"]:
        return render(request, "figures/refreshing.html", waiting)
    else:
        query.pop("asked", None)
    return redirect(f"{reverse('figures:ranking')}?{query.urlencode()}")


@require_GET
@login_required
def export(request: HttpRequest) -> HttpResponse:
    """Return the figures of the ranking as a workbook, as soon as it is written."""
    chosen = ranking_asked(request.GET, person(request), current_city())
    codes = (chosen.code, *(coded(indicator) for indicator in columns(chosen)))
    asking = chosen.asking(codes, (chosen.span.previous, chosen.span.period.name))
    found = sheet(chosen.facts, chosen.pack, asking, offered.language(), now())
    if isinstance(found, Waiting):
        return render(request, "figures/export.html", {"chosen": chosen, "waiting": found})
    by = chosen.grouping.name if chosen.grouping else "all"
    name = f"{chosen.indicator.code}-{by}-{chosen.span.period.name.replace(':', '')}.xlsx"
    kept = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(found, content_type=WORKBOOK, headers=kept)


@require_GET
@login_required
def figure(request: HttpRequest, pack: str, indicator: str) -> HttpResponse:
    """Show one figure and how it came about."""
    chosen = figure_asked(request.GET, pack, indicator, person(request), current_city())
    language = offered.language()
    found = page_of_one.figure_page(chosen, language, now())
    context: dict[str, Any] = {"chosen": chosen, "about": page_of_one.description(chosen, language)}
    context |= {"waiting": found} if isinstance(found, Waiting) else {"figure": found}
    return _shown(request, "figure", {**context, **offered.choices(request, chosen)})


@require_GET
@login_required
def cases(request: HttpRequest, pack: str, indicator: str) -> HttpResponse:
    """List the cases behind one count of a figure."""
    chosen = figure_asked(request.GET, pack, indicator, person(request), current_city())
    count = text_asked(request.GET, "count") or chosen.indicator.terms[0].count
    if count not in {term.count for term in chosen.indicator.terms}:
        raise Invalid([Fault("count", "not-a-choice")])
    object_name = page_of_one.name_of(chosen)
    asking = chosen.asking_one(chosen.code, chosen.span.period.name)
    behind = rows_behind(chosen.facts, chosen.pack, asking, count, now())
    about = page_of_one.description(chosen, offered.language())
    context: dict[str, Any] = {"chosen": chosen, "about": about, "count": chosen.book.counts[count]}
    context["object_name"] = object_name
    if isinstance(behind, Waiting):
        return _shown(request, "cases", {**context, "waiting": behind, **offered.choices(request, chosen)})
    context["page"] = cases_behind(person(request), chosen, count, behind, request.GET.get("after", ""))
    return _shown(request, "cases", {**context, **offered.choices(request, chosen)})


class _Screenful(NamedTuple):
    """A ranking and the rows of it that a page shows, with their histories."""

    table: Ranking
    rows: Sequence[RankingRow]
    following: str


def _ranking(chosen: FigureQuery, after: str) -> _Screenful | Waiting:
    codes = (chosen.code, *(coded(indicator) for indicator in columns(chosen)))
    asking = chosen.asking(codes, (chosen.span.previous, chosen.span.period.name))
    counted = figures(chosen.facts, chosen.pack, asking, now())
    if isinstance(counted, Waiting):
        if not may_be_many(chosen, ROWS):
            _trends(chosen, None)  # so that both are counted at once
        return counted
    table = ranked(chosen, counted)
    rows, following = page_of(table.rows, after, ROWS)
    is_narrowed = len(table.rows) > ROWS and len(chosen.by) == 1
    trends = _trends(chosen, rows if is_narrowed else None)
    waiting = [trend for trend in trends if isinstance(trend, Waiting)]
    if waiting:
        return min(waiting, key=lambda trend: not trend.failure)
    of_rows, of_all = (trend for trend in trends if not isinstance(trend, Waiting))
    total = with_spark(table.total, chosen, of_all)
    return _Screenful(replace(table, total=total), [with_spark(row, chosen, of_rows) for row in rows], following)


def _trends(chosen: FigureQuery, rows: Sequence[RankingRow] | None) -> tuple[Appraisal | Waiting, Appraisal | Waiting]:
    """Return the histories of objects and of everything: of all objects at once or, of many, of the rows shown."""
    code, periods = (chosen.code,), chosen.span.trend
    if rows is None:
        found = figures(chosen.facts, chosen.pack, chosen.asking(code, periods), now())
        return found, found
    everything = figures(chosen.facts, chosen.pack, replace(chosen.asking(code, periods), by=()), now())
    if not rows:  # a page after the last
        return everything, everything
    asking = chosen.asking_some(code, periods, [row.key for row in rows])
    return figures(chosen.facts, chosen.pack, asking, now()), everything


def _refreshing(request: HttpRequest, chosen: FigureQuery | None) -> dict[str, Any]:
    """Return whether requested facts are still awaited, and whether this person may request some."""
    moment = text_asked(request.GET, "asked")
    try:
        since = datetime.fromisoformat(moment) if moment else None
    except ValueError:
        since = None
    facts = chosen.facts if chosen else latest_edition() if since else None
    is_awaited = since is not None and since.tzinfo is not None and (facts is None or facts.as_of < since)
    is_late = is_awaited and since is not None and now() - since > LONG
    may = editions.may_refresh(person(request), current_city())
    return {"refreshing": is_awaited, "is_late": is_late, "may_refresh": may, "query": request.GET.urlencode()}


def _shown(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Render figures/<name>.html, or only figures/<name>_body.html where the page polls."""
    part = f"{name}_body" if wants_fragment(request) else name
    context = {"poll": request.get_full_path(), "zone": settings.CITYLOOP.zone, **context}
    response = render(request, f"figures/{part}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
