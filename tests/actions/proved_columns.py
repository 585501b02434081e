"""Each column of each table: proved by `cityloop verify`, or listed here with the reason why it is not."""

from collections.abc import Callable, Iterator
from functools import partial

from django.conf import settings

from cityloop.casework import verification as of_cases
from cityloop.casework.history import evidence_proof as of_photos
from cityloop.evaluation import verification as of_facts
from cityloop.intake import verification as of_reports
from cityloop.registry import verification as of_the_city
from cityloop.registry.history.tables import TABLES
from cityloop.runtime import verification as of_the_log

Proof = Callable[[], Iterator[of_the_log.Finding]]

ID = {"id": "names the row for other rows, which are compared by codes"}


def of_log() -> Iterator[of_the_log.Finding]:
    return of_the_log.findings(settings.CITYLOOP.home_folder)


CITY_DATA = {table.model._meta.db_table: partial(of_the_city._rows_altered, name) for name, table in TABLES.items()}

# The proof of each table. All of them are what `verify` runs; a test of a column runs only its own, to be quick.
PROOFS: dict[str, Proof] = {
    "casework_case": of_cases.findings,
    "casework_task": of_cases.findings,
    "casework_personalwords": of_cases.findings,
    "casework_evidence": of_photos.findings,
    "intake_report": of_reports.findings,
    "evaluation_countedanswer": of_facts.findings,
    "evaluation_factedition": of_facts.findings,
    "registry_account": of_the_city.of_people.findings,
    "mfa_authenticator": of_the_city.of_people.findings,
    "registry_appointment": of_the_city.of_people.findings,
    "registry_token": of_the_city.of_people.findings,
    "registry_change": of_the_city._changes_altered,
    "registry_changeset": of_the_city.of_changes.findings,
    "registry_packtaken": of_the_city.of_packs.findings,
    "registry_declaredday": of_the_city._days_altered,
    "registry_workingcalendar": of_the_city._days_altered,
    "registry_revision": of_the_city._revision_lowered,
    "runtime_event": of_log,
    "runtime_subscription": of_log,
    **CITY_DATA,
}

UNPROVED: dict[str, dict[str, str]] = {
    "casework_task": ID,
    "casework_personalwords": ID,
    "casework_evidence": ID,
    "intake_report": ID,
    "evaluation_countedanswer": {
        "asked_at": "decides only when the answer is removed",
        "answered_at": "decides only when a failed count is tried again",
        "failure": "why it could not be counted; it is tried again, and the reason written again",
    },
    "registry_account": {"last_login": "Django writes it at each sign-in; nothing is decided by it"},
    "mfa_authenticator": {**ID, "last_used_at": "keeps a code from being used twice within a minute"},
    "registry_change": {"id": "an order; one that changes what a row should be is found"},
    "runtime_subscription": {
        "failing_since": "state of a reader that fails; written again at each attempt",
        "failure": "state of a reader that fails; written again at each attempt",
    },
    **dict.fromkeys((*CITY_DATA, "registry_appointment", "registry_token", "registry_packtaken"), ID),
    **dict.fromkeys(("registry_declaredday", "registry_workingcalendar", "registry_revision"), ID),
}

UNPROVED_TABLES = {
    "account_": "django-allauth's; e-mail addresses are not used",
    "auth_group": "Django's; roles and posts are in the city's own tables",
    "auth_group_permissions": "Django's; roles and posts are in the city's own tables",
    "auth_permission": "Django's; roles and posts are in the city's own tables",
    "django_content_type": "Django's names of tables",
    "django_migrations": "which changes of the tables were made; `cityloop check` compares them with the code",
    "django_session": "signed with a key that is not in the database",
    "registry_failedsignins": "failures of the last hours; they delay and never let anybody in",
    "usersessions_": "lists sessions so that somebody can end them; what lets somebody in is the session itself",
    "procrastinate_": "what is to be done; a job reads what it acts on from the rows above",
}
