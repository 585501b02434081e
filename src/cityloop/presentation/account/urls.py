"""The addresses of sign-in and of one's own account. Some have names by which django-allauth finds them."""

from django.urls import path

from cityloop.presentation.account import confirming, factor_views, own_account
from cityloop.presentation.account.adapters import CODE_PAGE
from cityloop.presentation.account.signing_in import SignIn, SignOut, first_sign_in, second_step

urlpatterns = [
    path("sign-in/", SignIn.as_view(), name="account_login"),
    path("sign-in/first/<slug:secret>/", first_sign_in, name="first_sign_in"),
    path("sign-out/", SignOut.as_view(), name="sign_out"),
    path("sign-in/code/", second_step, name=CODE_PAGE),
    path("account/", own_account.my_account, name="my_account"),
    path("account/password/", own_account.change_password, name="change_password"),
    path("account/sessions/end/", own_account.end_sessions, name="end_sessions"),
    path("account/confirm/", confirming.Confirm.as_view(), name="account_reauthenticate"),
    path("account/second-factor/", factor_views.set_up, name="second_factor"),
    path("account/second-factor/codes/", factor_views.renew_codes, name="renew_codes"),
    path("account/second-factor/remove/", factor_views.remove, name="remove_second_factor"),
]
