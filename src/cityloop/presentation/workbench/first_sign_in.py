"""Sign-in, and the page that a sign-in link leads to: a person sets a password, once.

Links are made in settings and commands.
"""

from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cityloop.core.errors import Fault, Invalid, NotFound
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.problems import status_of
from cityloop.registry.people import accounts
from cityloop.runtime.clock import now


class SignIn(LoginView):
    """Django's sign-in; a password that was hashed by a weaker method than today's is hashed again."""

    template_name = "workbench/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        accounts.renew_hash(form.get_user().username, form.cleaned_data["password"], now())
        form.get_user().refresh_from_db()  # a session belongs to one hash
        return super().form_valid(form)


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
        login(request, accounts.use_secret(secret, _posted_password(request), now()))
    except Invalid as refusal:
        return _password_page(request, account.username, refusal)
    return redirect("workbench:home")


def _posted_password(request: HttpRequest) -> str:
    first, again = request.POST.get("password", ""), request.POST.get("again", "")
    if first != again:
        raise Invalid([Fault("again", "passwords-differ")])
    return first


def _password_page(request: HttpRequest, username: str, refusal: Invalid | None = None) -> HttpResponse:
    context = {"username": username, "faults": faults_of(refusal)}
    return render(request, "workbench/first_sign_in.html", context, status=status_of(refusal) if refusal else 200)
