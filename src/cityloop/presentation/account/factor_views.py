"""The pages on which people set up and remove their second factor. Each asks for the password again, by allauth."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cityloop.core.errors import Invalid
from cityloop.presentation.account.confirming import confirmed
from cityloop.presentation.account.signing_in import posted_or_back
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.people import person
from cityloop.presentation.problems import status_of
from cityloop.registry.people import second_factor
from cityloop.runtime.clock import now
from cityloop.runtime.secrets import vault

DRAFT = "second_factor_draft"  # in the session: the secret of a factor that is not set up yet, encrypted


@never_cache
@require_http_methods(["GET", "POST"])
@confirmed("second_factor")
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the picture that an app scans; with a code from the app the second factor is set."""
    account = person(request).account
    username = request.user.get_username()
    if request.method == "GET" and DRAFT not in request.session:
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
@confirmed("my_account")
def renew_codes(request: HttpRequest) -> HttpResponse:
    """Replace the recovery codes and show the new ones, this once."""
    if not second_factor.is_set(request.user):  # type: ignore[arg-type]  # it was removed since the page was drawn
        return redirect("my_account")
    codes = second_factor.renew_codes(request.user.get_username(), person(request).account, now())
    return render(request, "account/codes.html", {"codes": codes})


@posted_or_back
@confirmed("my_account")
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
