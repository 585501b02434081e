"""The pages of the history of changes: what was changed, by whom, row by row; and undoing it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cityloop.core.errors import NotFound, NotPossible
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import whole_asked
from cityloop.presentation.settings.history.words import TABLES, table_words
from cityloop.registry.history import queries as change_queries
from cityloop.registry.history.changes import undo
from cityloop.registry.people.permissions import check_has_post, check_may_edit, may_edit
from cityloop.runtime import clock

MOST_UNDONE_HERE = 20_000  # rows; more take longer than a page should


@require_GET
@login_required
def changes(request: HttpRequest) -> HttpResponse:
    """List the changes of the city's data, the last ones first, of all tables or of one."""
    check_has_post(person(request))
    table, before = request.GET.get("table", ""), whole_asked(request.GET, "before")
    chosen = table if table in TABLES else None
    lines, more = change_queries.changes(before, chosen)
    tables = [(name, table_words(name)) for name in TABLES]
    return render(request, "settings/changes.html", {"lines": lines, "more": more, "table": chosen, "tables": tables})


@require_GET
@login_required
def change(request: HttpRequest, number: int) -> HttpResponse:
    """Show one change row by row."""
    check_has_post(person(request))
    found = change_queries.change(number)
    if found is None:
        raise NotFound("no-such-change")
    line, rows, whole = found
    context = {"line": line, "rows": rows, "whole": whole, "may_edit": may_edit(person(request))}
    return render(request, "settings/change.html", context)


@require_POST
@login_required
def undo_change(request: HttpRequest, number: int) -> HttpResponse:
    """Undo a change and show the change that did so."""
    check_may_edit(person(request))
    found = change_queries.change(number)
    if found and found[2] > MOST_UNDONE_HERE:
        raise NotPossible("undo-by-command")
    outcome = undo(number, person(request).account, clock.now())
    return redirect("settings:change", outcome.number or number)
