"""Sign-in with password and code, sign-out, and the page that a sign-in link leads to.

Links are made in settings and commands. How many attempts are allowed is decided in registry/people/lockouts.py.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.auth import authenticate, logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cityloop.core.errors import Fault, Invalid, Locked, NotFound
from cityloop.presentation.account.adapters import CODE_PAGE, client_address
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of, wait_until
from cityloop.registry.models import Account
from cityloop.registry.people import accounts, lockouts, second_factor
from cityloop.registry.people.sessions import session_left
from cityloop.runtime.clock import now

BEGUN_WITH = "begun_with"  # in the state of a sign-in that waits for a code: which password it began with


View = Callable[[HttpRequest], HttpResponse]


class SignInForm(AuthenticationForm):
    """A username and a password that belong together; a wrong pair is counted."""

    def clean(self) -> dict[str, Any]:
        """Find the account; Locked passes through."""
        username, password = (self.cleaned_data.get(name) for name in ("username", "password"))
        if username and password:
            assert self.request  # noqa: S101  # the view gives it
            self.user_cache = password_checked(self.request, username, password)
            if self.user_cache is None:
                raise self.get_invalid_login_error()
        return self.cleaned_data


def posted_or_back(view: View) -> View:
    """Do something only on POST; whoever comes to its address otherwise, as after two clicks, is led to the account."""

    @wraps(view)
    def posted(request: HttpRequest) -> HttpResponse:
        return view(request) if request.method == "POST" else redirect("my_account")

    return posted


def password_checked(request: HttpRequest, username: str, password: str, *, again: bool = False) -> Account | None:
    """Return the account whose password this is; Locked after too many wrong ones. `again`: of somebody signed in."""

    def check() -> Any:
        return authenticate(request, username=username, password=password)

    return lockouts.guarded(username, client_address(request), now(), check, again=again)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class SignIn(LoginView):
    """Asks for the password. One that was hashed by a weaker method than today's is hashed again."""

    template_name = "account/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *path: str, **values: Any) -> HttpResponse:
        """Sign in, or say until when nobody can."""
        try:
            return super().post(request, *path, **values)
        except Locked as refusal:
            form = SignInForm(request, initial={"username": request.POST.get("username", "")})
            context = self.get_context_data(form=form, locked=sentence(refusal))
            return wait_until(self.render_to_response(context), refusal, now())

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Go on to the second factor, or into the city."""
        account = form.get_user()
        accounts.renew_hash(account.username, form.cleaned_data["password"], now())
        account.refresh_from_db()  # a session belongs to one hash
        return _let_in(self.request, account, self.get_success_url())


class SignOut(LogoutView):
    """Ends the session of this browser."""

    def post(self, request: HttpRequest, *path: str, **values: Any) -> HttpResponse:
        """Sign out."""
        session_left(request.session.session_key)
        return super().post(request, *path, **values)


@require_http_methods(["GET", "POST"])
@login_stage_required(stage=CODE_PAGE, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the code of the second factor, after the password."""
    stage = request._login_stage  # type: ignore[attr-defined]  # allauth's
    account = stage.login.user
    is_as_before = stage.login.state.get(BEGUN_WITH) == account.get_session_auth_hash()
    if not (is_as_before and account.is_active and second_factor.is_set(account)):
        return stage.abort()  # type: ignore[no-any-return]  # something was changed since the password was typed
    if request.method == "GET":
        return render(request, "account/code.html")
    try:
        if code_checked(request, account, request.POST.get("code", "")):
            record_authentication(request, account, "mfa")
            return stage.exit()  # type: ignore[no-any-return]
    except Locked as refusal:
        return wait_until(render(request, "account/code.html", {"locked": sentence(refusal)}), refusal, now())
    return render(request, "account/code.html", {"is_wrong": True})


def code_checked(request: HttpRequest, account: Account, code: str) -> bool:
    """Return whether this is a code of the account's second factor; Locked after too many wrong ones."""
    moment = now()

    def check() -> bool | None:
        return second_factor.use_code(account.username, code, moment) or None

    return bool(lockouts.guarded(account.username, client_address(request), moment, check))


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "POST"])
def first_sign_in(request: HttpRequest, secret: str) -> HttpResponse:
    """Let the person that the link is for set a password; NotFound where it was used or is too old."""
    account = accounts.account_by_secret(secret)
    if account is None:
        raise NotFound("no-such-secret")
    if request.method == "GET":
        return _password_page(request, account.username)
    try:
        account = accounts.use_secret(secret, new_password(request), now())
    except Invalid as refusal:
        return _password_page(request, account.username, refusal)
    logout(request)  # somebody else may be signed in here, as who made the link
    return _let_in(request, account)


def new_password(request: HttpRequest) -> str:
    """Return the new password that was typed twice."""
    first, again = request.POST.get("password", ""), request.POST.get("again", "")
    if first != again:
        raise Invalid([Fault("again", "passwords-differ")])
    return first


def _let_in(request: HttpRequest, account: Account, to: str | None = None) -> HttpResponse:
    """Go on with a sign-in whose password is right."""
    record_authentication(request, account, "password")
    state = {BEGUN_WITH: account.get_session_auth_hash()}
    response: HttpResponse = perform_login(request, Login(user=account, redirect_url=to, state=state))
    return response


def _password_page(request: HttpRequest, username: str, refusal: Invalid | None = None) -> HttpResponse:
    context = {"username": username, "faults": faults_of(refusal)}
    return render(request, "account/first_sign_in.html", context, status=status_of(refusal) if refusal else 200)
