"""One's own account: posts, password, and the browsers in which one is signed in."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET

from cityloop.core.errors import Fault, Invalid, Locked, Refusal
from cityloop.presentation.account.signing_in import new_password, password_checked, posted_or_back
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of, wait_until
from cityloop.registry.models import Account
from cityloop.registry.people import accounts, second_factor, sessions
from cityloop.runtime.clock import now

NO_SESSION = 0  # the number of none

BROWSERS = {  # each also names those below it
    "MicroMessenger": "微信 WeChat",
    "DingTalk": "钉钉 DingTalk",
    "Edg": "Edge",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "Linux": "Linux",
}


@never_cache
@require_GET
@login_required
def my_account(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    return _page(request)


@sensitive_post_parameters()
@never_cache
@posted_or_back
@login_required
def change_password(request: HttpRequest) -> HttpResponse:
    """Change one's own password, which ends one's other sessions; this one goes on under another key."""
    account, key = _account(request), request.session.session_key
    try:
        if password_checked(request, account.username, request.POST.get("former", ""), again=True) is None:
            raise Invalid([Fault("former", "wrong-password")])
        accounts.set_password(account.username, new_password(request), person(request).account, now(), keep=key)
    except Refusal as refusal:
        return _page(request, refusal)
    account.refresh_from_db()
    update_session_auth_hash(request, account)
    sessions.session_moved(key, request.session.session_key)
    return _page(request, done=_("Your password is changed. You are signed out everywhere else."))


@posted_or_back
@login_required
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End one of one's sessions, or all others."""
    account, number = _account(request), request.POST.get("number")
    is_number = number is not None and number.isdecimal() and len(number) < 10
    chosen = {} if number is None else {"only": int(number) if is_number else NO_SESSION}
    this = request.session.session_key
    sessions.end_sessions(account.username, person(request).account, now(), without=this, **chosen)
    return redirect("my_account")


def browser_words(agent: str) -> str:
    """Return the browser and the system of a User-Agent header in a few words."""
    found = [next((words for mark, words in known.items() if mark in agent), "") for known in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, found)) or _("Unknown browser")


def _page(request: HttpRequest, refusal: Refusal | None = None, done: str = "") -> HttpResponse:
    account = _account(request)
    opened = sessions.open_sessions(account, request.session.session_key, now())
    context: dict[str, Any] = {
        "set_at": second_factor.set_at(account),
        "codes_left": second_factor.unused_codes(account),
        "sessions": [{"session": session, "browser": browser_words(session.browser)} for session in opened],
        "faults": faults_of(refusal),
        "refused": sentence(refusal) if refusal and not isinstance(refusal, Invalid) else "",
        "done": done,
    }
    response = render(request, "account/my_account.html", context, status=status_of(refusal) if refusal else 200)
    return wait_until(response, refusal, now()) if isinstance(refusal, Locked) else response


def _account(request: HttpRequest) -> Account:
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  # the views are behind login_required
    return account
