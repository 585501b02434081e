"""The pages on which people set up and remove their second factor. Each asks for the password again, by allauth."""

from collections.abc import Callable
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.views import ReauthenticateView
from allauth.mfa.adapter import get_adapter
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cityloop.core.errors import Invalid, Locked
from cityloop.presentation.account.signing_in import password_checked, posted_or_back
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.people import person
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import status_of, wait_until
from cityloop.registry.models import Account
from cityloop.registry.people import second_factor
from cityloop.runtime.clock import now
from cityloop.runtime.secrets import vault

DRAFT = "second_factor_draft"  # in the session: the secret of a factor that is not set up yet, encrypted

View = Callable[[HttpRequest], HttpResponse]


def confirmed(view: View) -> View:
    """Ask for the password again before a view, unless it was asked for some minutes ago."""
    asking: View = reauthentication_required(app="allauth.mfa")(view)
    return asking


class PasswordAgain(forms.Form):
    """The password of the person who is signed in; a wrong one is counted."""

    password = forms.CharField(strip=False)

    def __init__(self, *data: Any, user: Account, request: HttpRequest, **more: Any) -> None:
        super().__init__(*data, **more)
        self.user, self.request = user, request

    def clean_password(self) -> str:
        """Compare the password; Locked passes through."""
        password: str = self.cleaned_data["password"]
        if password_checked(self.request, self.user.username, password, again=True) is None:
            raise forms.ValidationError("", code="wrong")
        return password


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class Confirm(ReauthenticateView):  # type: ignore[misc]  # allauth has no types
    """Asks for the password again, for some minutes."""

    template_name = "account/confirm.html"
    form_class = PasswordAgain

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give the form the request, which has the address."""
        return {**super().get_form_kwargs(), "request": self.request}

    def post(self, request: HttpRequest, *path: str, **values: Any) -> HttpResponse:
        """Go on to the page that asked, or say until when nobody can."""
        try:
            response: HttpResponse = super().post(request, *path, **values)
        except Locked as refusal:
            form = PasswordAgain(**self.get_form_kwargs() | {"data": None})
            page: HttpResponse = self.render_to_response(self.get_context_data(form=form, locked=sentence(refusal)))
            return wait_until(page, refusal, now())
        return response


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
@confirmed
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the picture that an app scans; with a code from the app the second factor is set."""
    account = person(request).account
    username = request.user.get_username()
    if request.method == "GET":
        request.session[DRAFT] = vault.lock(second_factor.new_secret())
    if DRAFT not in request.session or second_factor.is_set(request.user):  # type: ignore[arg-type]
        return redirect("my_account")
    secret = vault.unlock(request.session[DRAFT])
    if request.method == "GET":
        return _set_up_page(request, secret)
    code = second_factor.plain(request.POST.get("code", ""))
    try:
        codes = second_factor.add(username, secret, code, account, now())
    except Invalid as refusal:
        return _set_up_page(request, secret, refusal)
    del request.session[DRAFT]
    return render(request, "account/codes.html", {"codes": codes})


@never_cache
@posted_or_back
@login_required
@confirmed
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Replace the recovery codes and show the new ones, this once."""
    codes = second_factor.renew_codes(request.user.get_username(), person(request).account, now())
    return render(request, "account/codes.html", {"codes": codes})


@posted_or_back
@login_required
@confirmed
def remove(request: HttpRequest) -> HttpResponse:
    """Let the password alone suffice again."""
    second_factor.remove(request.user.get_username(), person(request).account, now())
    return redirect("my_account")


def _set_up_page(request: HttpRequest, secret: str, refusal: Invalid | None = None) -> HttpResponse:
    address = get_adapter().build_totp_url(request.user, secret)
    context = {
        "address": address,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "faults": faults_of(refusal),
        **_picture(address),
    }
    return render(request, "account/set_up.html", context, status=status_of(refusal) if refusal else 200)


def _picture(text: str) -> dict[str, Any]:
    """Return the QR code of a text as the path of an SVG, a square of side 1 for each dark module."""
    from qrcode.main import QRCode  # loaded only where one is drawn

    code = QRCode()
    code.add_data(text)
    modules = code.get_matrix()
    dark = ((x, y) for y, row in enumerate(modules) for x, is_dark in enumerate(row) if is_dark)
    return {"side": len(modules), "path": "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)}
