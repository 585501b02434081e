"""What django-allauth asks of CityLoop: how a sign-in goes on after the password, and how secrets are kept."""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.stages import LoginStage
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cityloop.registry.models import Account
from cityloop.registry.people import lockouts, second_factor
from cityloop.runtime.clock import now
from cityloop.runtime.secrets import vault

CODE_PAGE = "mfa_authenticate"  # the names that allauth gives the stage and its address


class SecondFactorStage(LoginStage):  # type: ignore[misc]  # allauth has no types
    """Asks for a code after the password, where the person has a second factor."""

    key = urlname = CODE_PAGE

    def handle(self) -> tuple[HttpResponse | None, bool]:
        """Return the way to the page that asks, or None; allauth goes on with the sign-in later."""
        return (redirect(CODE_PAGE) if second_factor.is_set(self.login.user) else None), True


class SignInAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Lets people in: password, second factor, session."""

    def get_login_stages(self) -> list[str]:
        """Return what follows the password. allauth's own stage of a code would load a library for hardware keys."""
        return [f"{__name__}.{SecondFactorStage.__name__}"]

    def login(self, request: HttpRequest, user: Account) -> None:
        """Open the session; failures from here no longer count."""
        super().login(request, user)
        request.session.set_expiry(now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))  # whatever is written to it
        lockouts.forget(user.username, client_address(request), now())

    def add_message(self, *message: Any, **more: Any) -> None:
        """Drop allauth's messages: pages say by themselves what happened."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Keeps the secrets of second factors encrypted with the city's key."""

    def encrypt(self, text: str) -> str:
        """Return the secret as the database keeps it."""
        return vault.lock(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret in clear."""
        return vault.unlock(encrypted_text)


def client_address(request: HttpRequest) -> str:
    """Return the address of the browser: behind the proxy the last one in X-Forwarded-For, which the proxy added."""
    return str(get_adapter().get_client_ip(request))
