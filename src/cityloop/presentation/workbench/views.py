"""The workbench's pages: each view asks the floors below one thing and shows the result. No rule is here."""

from dataclasses import replace

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cityloop.casework import queries
from cityloop.casework.actions import act, begin_case, reveal_reporter
from cityloop.casework.history import evidence
from cityloop.casework.queries import CasePage, case_page, sees_case
from cityloop.casework.queries import queue as open_tasks
from cityloop.core.errors import NotFound, Refusal
from cityloop.evaluation.queries import district_ranking, months
from cityloop.intake.actions import Receipt
from cityloop.intake.queries import cases as found_cases
from cityloop.presentation.pages import query as address_query
from cityloop.presentation.pages.htmx import render_part, wants_fragment
from cityloop.presentation.pages.people import check_may_report, person
from cityloop.presentation.pages.photos import Received, receive
from cityloop.presentation.pages.receipts import keep_receipt, keep_sent
from cityloop.presentation.problems import status_of
from cityloop.presentation.workbench.attempts import (
    Attempt,
    photo_fields,
    read_attempt,
    shown_offers,
    stray_refusal,
)
from cityloop.presentation.workbench.beginning import asked_photos, blank_case, case_inputs, filled_case
from cityloop.presentation.workbench.reporting import blank_report, filled_report, near_facilities, send_report
from cityloop.runtime.clock import now
from cityloop.runtime.files import photos

PHOTO_SECONDS = 12 * 3600  # how long a browser keeps a photo: one shift


@require_GET
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """Show the open tasks that this person may do."""
    filters = address_query.queue_filters(request.GET)
    page = open_tasks(person(request), filters, request.GET.get("after"), now())
    return render(request, "workbench/queue.html", {"page": page, "filters": filters})


@require_GET
@login_required
def cases(request: HttpRequest) -> HttpResponse:
    """List cases by words, district, month or figure; a search that finds one case and no more opens it."""
    filters = address_query.case_filters(request.GET)
    after = request.GET.get("after")
    page = found_cases(person(request), filters, after)
    if filters.words and len(page.rows) == 1 and not after and not page.next:
        return redirect("workbench:case", number=page.rows[0].number)
    return render(request, "workbench/cases.html", {"page": page, "filters": filters})


@require_GET
@login_required
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Show a case."""
    return _case_answer(request, case_page(person(request), number, now()))


@require_POST
@login_required
def act_on_case(request: HttpRequest, number: str) -> HttpResponse:
    """Do an action on a case; a refusal is shown under its button, on the case as it is now."""
    tried = read_attempt(request.POST)
    received = _received_photos(request, number, tried)
    attempt = replace(tried, inputs=received.joined(tried.inputs))
    try:
        received.check()
        actor = person(request)
        in_sight = act(number, attempt.action, attempt.task_no, actor, attempt.inputs, attempt.length, now())
    except Refusal as refusal:
        page = case_page(person(request), number, now())
        return _case_answer(request, page, replace(attempt, refusal=refusal), status_of(refusal))
    return _moved_on(request, number, in_sight=in_sight)


@require_GET
@login_required
def photo(request: HttpRequest, number: str, digest: str) -> HttpResponse:
    """Show a photo of a case, or its small form."""
    content = evidence.photo(person(request), number, digest)
    shown = photos.small(content) if request.GET.get("size") == "small" else content
    kept = {"Cache-Control": f"private, max-age={PHOTO_SECONDS}, immutable", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(shown, content_type=photos.MEDIA_TYPE, headers=kept)


@require_GET
@login_required
def document(request: HttpRequest, number: str, seq: int, name: str) -> HttpResponse:
    """Show a document that an action of a case produced, ready to be printed."""
    found = queries.document(person(request), number, seq, name)
    return render(request, "workbench/document.html", {"document": found})


@require_http_methods(["GET", "POST"])
@login_required
def new_case(request: HttpRequest, procedure: str) -> HttpResponse:
    """Begin a case of a procedure by hand."""
    if request.method == "GET":
        return render(request, "workbench/new_case.html", {"form": blank_case(procedure, person(request))})
    key, typed = case_inputs(request.POST)
    received = receive(request.FILES, asked_photos(procedure, person(request))) if request.FILES else Received()
    inputs = received.joined(typed)
    try:
        received.check()
        number = begin_case(procedure, person(request), inputs, key, now())
    except Refusal as refusal:
        form = filled_case(procedure, person(request), key, inputs, refusal)
        return render(request, "workbench/new_case.html", {"form": form}, status=status_of(refusal))
    keep_sent(request, key)
    return redirect("workbench:case", number=number)


@require_POST
@login_required
def reporter(request: HttpRequest, number: str) -> HttpResponse:
    """Show who reported; showing it is recorded."""
    name, phone = reveal_reporter(number, person(request), now())
    page = case_page(person(request), number, now())
    shown = replace(page, reporter_name=name, reporter_phone=phone, may_unmask=False)
    return _case_answer(request, shown)


@require_http_methods(["GET", "POST"])
@login_required
def new_report(request: HttpRequest) -> HttpResponse:
    """Take a report at the desk."""
    check_may_report(person(request))
    if request.method == "GET":
        return render(request, "workbench/report.html", {"form": blank_report(now())})
    try:
        receipt = send_report(request.POST, person(request), now())
    except Refusal as refusal:
        form = filled_report(request.POST, refusal)
        return render(request, "workbench/report.html", {"form": form}, status=status_of(refusal))
    keep_sent(request, request.POST.get("external_id", ""))
    return _received(request, receipt)


@require_GET
@login_required
def near_report(request: HttpRequest) -> HttpResponse:
    """Offer the facilities that a report being written may be about."""
    check_may_report(person(request))
    return render(request, "workbench/near_facilities.html", {"near": near_facilities(request.GET)})


@require_GET
@login_required
def districts(request: HttpRequest) -> HttpResponse:
    """Rank the districts by their month's figures."""
    known = months(person(request))
    month = address_query.month(request.GET.get("month")) or next(iter(known), localtime(now()).date().replace(day=1))
    rows = district_ranking(person(request), month)
    return render(request, "workbench/districts.html", {"rows": rows, "months": known, "month": month})


def _received_photos(request: HttpRequest, number: str, attempt: Attempt) -> Received:
    """Keep the uploaded photos where this person may do the action on the case; the action refuses the rest."""
    if not request.FILES:
        return Received()
    page = case_page(person(request), number, now())
    return receive(request.FILES, photo_fields(page, attempt))


def _received(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """Redirect to the new case, or to the queue where this person may not see it; the receipt goes along."""
    in_sight = sees_case(person(request), receipt.number)
    keep_receipt(request, receipt, in_sight=in_sight)
    return _case_or_queue(receipt.number, in_sight=in_sight)


def _moved_on(request: HttpRequest, number: str, *, in_sight: bool) -> HttpResponse:
    """Show the case, or the queue: after the action this person may no longer see the case, which is no failure."""
    if not (in_sight and wants_fragment(request)):
        return _case_or_queue(number, in_sight=in_sight)
    try:
        page = case_page(person(request), number, now())
    except NotFound:
        return redirect("workbench:queue")
    return _case_answer(request, page)


def _case_or_queue(number: str, *, in_sight: bool) -> HttpResponse:
    return redirect("workbench:case", number=number) if in_sight else redirect("workbench:queue")


def _case_answer(
    request: HttpRequest, page: CasePage, attempt: Attempt | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "case": page,
        "offers": shown_offers(page, attempt),
        "stray_refusal": stray_refusal(page, attempt),
        "stray_words": attempt.written if attempt else (),
    }
    return render_part(request, "case", context, status=status)
