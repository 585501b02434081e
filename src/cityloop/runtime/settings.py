"""Django's settings, all derived from the one Configuration. Nothing here is read from anywhere else."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from cityloop.runtime.configuration import Configuration, read
from cityloop.runtime.secrets.keys import key

CITYLOOP: Configuration = read(os.environ)
PACKAGE = Path(__file__).resolve().parent.parent

DEBUG = CITYLOOP.debug == "1"
SECRET_KEY = key(CITYLOOP.home_folder, "sessions").hex()
ALLOWED_HOSTS = [host.strip() for host in CITYLOOP.hosts.split(",")]

# Behind a proxy that speaks TLS. The web server listens on 127.0.0.1, so only this machine can send the header.
if CITYLOOP.origin:
    ALLOWED_HOSTS.append(urlsplit(CITYLOOP.origin).hostname or "")
    CSRF_TRUSTED_ORIGINS = [CITYLOOP.origin]
IS_SECURE = CITYLOOP.origin.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_SECURE else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_SECURE

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "cityloop.runtime",
    "cityloop.registry",
    "cityloop.casework",
    "cityloop.intake",
    "cityloop.evaluation",
    "cityloop.presentation",
    "cityloop.presentation.pages",
]
AUTH_USER_MODEL = "registry.Account"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "cityloop.registry.people.passwords.NotTheName"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "cityloop.presentation.pages.language.ChosenLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "cityloop.presentation.middleware.ContentSecurityPolicy",
    "cityloop.presentation.middleware.NoStore",
    "cityloop.presentation.pages.htmx.BrowserRedirects",
    "cityloop.presentation.pages.refusals.ShowRefusals",
]
ROOT_URLCONF = "cityloop.entry.server.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "presentation" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cityloop.presentation.pages.frame.frame",
            ],
            "libraries": {  # tags of one folder's pages; those of every page are in presentation/pages/templatetags
                "figure_words": "cityloop.presentation.figures.tags",
                "settings_words": "cityloop.presentation.settings.tags",
                "ogc": "cityloop.presentation.features.tags",
            },
        },
    }
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "cityloop.runtime.database",
        "NAME": unquote(parts.path.lstrip("/")) or "cityloop",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "cityloop",
            "connect_timeout": 10,
            "server_side_binding": True,
            "prepare_threshold": 5,
            **query,
        },
    }


# The entry package puts the embedded server's address into the environment before Django starts.
DATABASES = {"default": _database(CITYLOOP.database_url or "postgresql:///cityloop")}

LANGUAGE_CODE = CITYLOOP.language
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "presentation" / "locale"]
TIME_ZONE = CITYLOOP.time_zone
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "workbench:queue"
LOGOUT_REDIRECT_URL = "account_login"

# django-allauth: what follows the password, and sessions. Failures are counted in registry/people/lockouts.py, in the
# database: allauth counts in a cache, which each process has for itself.
ACCOUNT_ADAPTER = "cityloop.presentation.account.adapters.SignInAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # nobody signs up; allauth checks that it fits the line above
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_METHODS = ["password"]
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if CITYLOOP.origin else 0  # without a proxy anybody may write X-Forwarded-For
MFA_ADAPTER = "cityloop.presentation.account.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = f"CityLoop {CITYLOOP.city_name}"

SESSION_COOKIE_AGE = 12 * 3600  # one shift
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000  # bytes of text; files have their own limits
FILE_UPLOAD_HANDLERS = [
    "cityloop.presentation.pages.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

PROCRASTINATE_IMPORT_PATHS = ["cityloop.runtime.jobs", "cityloop.casework.jobs", "cityloop.evaluation.jobs"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"outages": {"()": "cityloop.runtime.outages.OneLine"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["outages"]}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django.request": {"level": "ERROR"},  # a refusal is an answer, not an incident
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody may send a wrong Host
        "procrastinate.blueprints": {"level": "ERROR"},
    },
}
