"""Asks somebody who is signed in for the password again, before what could give the account away."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from allauth.account.views import ReauthenticateView
from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from cityloop.core.errors import Locked
from cityloop.presentation.account.signing_in import password_checked
from cityloop.presentation.pages.sentences import sentence
from cityloop.presentation.problems import wait_until
from cityloop.registry.models import Account
from cityloop.runtime.clock import now

View = Callable[..., HttpResponse]


def confirmed(back: str) -> Callable[[View], View]:
    """Ask for the password before a view, unless it was given some minutes ago, and lead to the page named `back`.

    Whoever finds a browser in which somebody is signed in could otherwise take over the account, or others.
    """

    def decorated(view: View) -> View:
        @login_required
        @wraps(view)
        def asking(request: HttpRequest, **path: str) -> HttpResponse:
            if did_recently_reauthenticate(request):
                return view(request, **path)
            asked = {"next": reverse(back, kwargs=path), **({"again": "1"} if request.method == "POST" else {})}
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode(asked)}")

        return asking

    return decorated


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
