"""The pages of people, for administrators: the list, one person's posts and history, giving and ending posts."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cityloop.core.errors import Fault, Invalid, Refusal
from cityloop.presentation.account.confirming import confirmed
from cityloop.presentation.links import absolute
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.query import text_asked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of
from cityloop.presentation.settings.organisation import words as organisation_words
from cityloop.registry.city.current import current_city
from cityloop.registry.organisation import queries
from cityloop.registry.people import accounts
from cityloop.registry.people.accounts import account_names
from cityloop.registry.people.permissions import check_may_edit
from cityloop.registry.people.sign_in import sign_in_state
from cityloop.runtime import clock

Doing = Callable[[HttpRequest, str, str], Any]  # the request, whose account, who does it
LONGEST = 100


@require_GET
@login_required
def people(request: HttpRequest) -> HttpResponse:
    """List the people with their posts."""
    check_may_edit(person(request))
    words = text_asked(request.GET, "words") or ""
    lines, following = queries.people(words, text_asked(request.GET, "after") or "")
    rows = [organisation_words.person_words(line, current_city()) for line in lines]
    context = {"page": {"rows": rows}, "following": following, "words": words}
    return render(request, "settings/people.html", context)


@require_GET
@login_required
def one_person(request: HttpRequest, username: str) -> HttpResponse:
    """Show a person's posts and what happened to the account."""
    check_may_edit(person(request))
    return _person_page(request, username)


@require_http_methods(["GET", "POST"])
@login_required
def new_person(request: HttpRequest) -> HttpResponse:
    """Make an account with its first post; its page then shows the link by which the person sets a password."""
    check_may_edit(person(request))
    refusal = None
    if request.method == "POST":
        try:
            username = _create_person(request, person(request).account)
            return _person_page(request, username, link=_link(request, username))
        except Refusal as error:
            refusal = error
    fields = organisation_words.person_fields(current_city(), request.POST, refusal)
    context = {"fields": fields, "refused": sentence(refusal) if refusal else ""}
    return render(request, "settings/new_person.html", context, status=status_of(refusal) if refusal else 200)


def account_action(doing: Doing) -> Callable[[HttpRequest, str], HttpResponse]:
    """Return the view that does something to an account and shows it again; a refusal is shown over the page."""

    @require_POST
    @login_required
    @wraps(doing)
    def view(request: HttpRequest, username: str) -> HttpResponse:
        check_may_edit(person(request))
        try:
            doing(request, username, person(request).account)
        except Refusal as refusal:
            queries.person(username)
            return _person_page(request, username, refusal)
        return redirect("settings:person", username)

    return view


@account_action
def edit_person(request: HttpRequest, username: str, by: str) -> None:
    """Change a name or a telephone."""
    name, phone = _posted(request, "name"), _posted(request, "phone")
    _check_texts(name=name, phone=phone)
    given = None if not phone else "" if phone == "-" else phone
    accounts.change_account(username, by, clock.now(), name=name, phone=given)


@account_action
def appoint(request: HttpRequest, username: str, by: str) -> None:
    """Give a post."""
    role, unit, area = _posted_post(request)
    accounts.appoint(username, role, unit, area, by, clock.now())


@account_action
def end_post(request: HttpRequest, username: str, by: str) -> None:
    """End a post."""
    role, unit, area = (_posted(request, name) for name in ("role", "unit", "area"))
    accounts.end_appointment(username, role, unit, area or None, by, clock.now())


@account_action
def end_person(request: HttpRequest, username: str, by: str) -> None:
    """End an account."""
    accounts.end_account(username, by, clock.now())


@account_action
def reopen_person(request: HttpRequest, username: str, by: str) -> None:
    """Reopen an account."""
    accounts.reopen_account(username, by, clock.now())


@never_cache
@require_POST
@confirmed("settings:person")
def person_link(request: HttpRequest, username: str) -> HttpResponse:
    """Make a link by which the person sets a password, and show it this once."""
    check_may_edit(person(request))
    try:
        return _person_page(request, username, link=_link(request, username))
    except Refusal as refusal:
        return _person_page(request, username, refusal)


@never_cache
@require_POST
@login_required
def person_phone(request: HttpRequest, username: str) -> HttpResponse:
    """Show a person's telephone in clear; that it was shown is on record."""
    check_may_edit(person(request))
    phone = accounts.show_phone(username, person(request).account, clock.now())
    return _person_page(request, username, phone=phone)


def _person_page(
    request: HttpRequest, username: str, refusal: Refusal | None = None, *, link: str = "", phone: str = ""
) -> HttpResponse:
    city, line = current_city(), queries.person(username)
    events = queries.account_events(username)
    posted = request.POST if refusal else {}
    shown = organisation_words.person_words(line, city)
    context = {
        "person_line": {**shown, "phone": phone or shown["phone"]},
        "phone_shown": bool(phone),
        "link": link,
        "sign_in": sign_in_state(username, clock.now()),
        "events": organisation_words.event_lines(events, account_names({event.by for event in events}), city),
        "post_fields": organisation_words.post_fields(city, posted, refusal),
        "change_fields": organisation_words.change_fields(line, posted, refusal),
        "refused": sentence(refusal) if refusal else "",
    }
    return render(request, "settings/person.html", context, status=status_of(refusal) if refusal else 200)


@transaction.atomic
def _create_person(request: HttpRequest, by: str) -> str:
    username, name, phone = (_posted(request, field) for field in ("username", "name", "phone"))
    _check_texts(username=username, name=name, phone=phone)
    if " " in username or "/" in username:
        raise Invalid([Fault("username", "blank-or-slash")])
    role, unit, area = _posted_post(request)
    account = accounts.create_account(username, name, None, by, clock.now(), phone=phone)
    accounts.appoint(account.username, role, unit, area, by, clock.now())
    return account.username


def _posted_post(request: HttpRequest) -> tuple[str, str, str | None]:
    role, unit, area = (_posted(request, name) for name in ("role", "unit", "area"))
    city = current_city()
    known = {"role": role in city.roles and role != accounts.PARTNER, "unit": unit in city.units}
    known["area"] = not area or area in city.areas
    if faults := [Fault(name, "not-a-choice") for name, is_known in known.items() if not is_known]:
        raise Invalid(faults)
    return role, unit, area or None


def _check_texts(**texts: str) -> None:
    faults = []
    for name, words in texts.items():
        if name != "phone" and not words:
            faults.append(Fault(name, "required"))
        elif len(words) > LONGEST:
            faults.append(Fault(name, "too-long", {"most": LONGEST}))
        elif not words.isprintable():
            faults.append(Fault(name, "unstorable-character"))
    if faults:
        raise Invalid(faults)


def _posted(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()


def _link(request: HttpRequest, username: str) -> str:
    secret = accounts.make_sign_in_secret(username, person(request).account, clock.now())
    return absolute(request, reverse("first_sign_in", args=[secret]))
