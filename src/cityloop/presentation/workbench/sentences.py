"""The words of every refusal in the reader's language. What is refused, and when, is decided below.

A sentence is found by the refusal's stable code, a field's reason by the English words it was given in. The English
is the fallback, so that a new refusal is never a blank page; a test names those that have no words here yet.
"""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal

SENTENCES: dict[str, str] = {
    "no-such-task": gettext_noop("This case has no such task."),
    "task-done": gettext_noop("This task has already been done."),
    "not-your-task": gettext_noop("None of your posts holds this task."),
    "handled-it": gettext_noop("You or your unit handled this case, so somebody else must judge it."),
    "no-such-action": gettext_noop("This procedure has no such action."),
    "somebody-was-faster": gettext_noop(
        "Somebody else acted on this case while you had it open. The page now shows it as it stands; nothing of "
        "yours was recorded."
    ),
    "reporter-hidden": gettext_noop("Only the intake desk and the duty officer may see who reported."),
    "no-such-case": gettext_noop("There is no such case, or you may not see it."),
    "may-not-report": gettext_noop("None of your posts may hand in reports."),
    "other-content": gettext_noop("A report with other content was already received from this form."),
    "invalid": gettext_noop("Something is missing or not right. See the marked fields."),
}

REASONS: dict[str, str] = {
    "This must be filled in.": gettext_noop("This must be filled in."),
    "This is not one of the choices.": gettext_noop("This is not one of the choices."),
    "This contains a character that cannot be stored.": gettext_noop(
        "This contains a character that cannot be stored."
    ),
    "This must be a number.": gettext_noop("This must be a number."),
    "A month is written like 2026-11.": gettext_noop("A month is written like 2026-11."),
    "contains a character that cannot be stored": gettext_noop("This contains a character that cannot be stored."),
    "must be given": gettext_noop("This must be filled in."),
    "must be text": gettext_noop("This must be text."),
    "must be given together with the other coordinate": gettext_noop("Give both coordinates, or neither."),
    "must be a number of degrees, such as 114.0579": gettext_noop("Write a number of degrees, such as 114.0579."),
    "must be a moment such as 2026-11-21T15:00:00+08:00": gettext_noop("Write a moment, such as 2026-11-21 15:00."),
    "lies in the future, or before 1990; check the sender's clock": gettext_noop(
        "This lies in the future, or before 1990."
    ),
    "is not a number": gettext_noop("This is not a number."),
    "lies outside the earth: longitude is -180 to 180, latitude -90 to 90": gettext_noop(
        "This lies outside the earth: longitude is -180 to 180, latitude -90 to 90."
    ),
    "is (0, 0), which is what a device sends that does not know where it is; leave it out": gettext_noop(
        "This is (0, 0), which is what a device sends that does not know where it is. Leave it empty."
    ),
    "looks like longitude and latitude were exchanged": gettext_noop("Longitude and latitude look exchanged."),
}
_TOO_LONG = re.compile(r"longer than (\d+) characters")


def sentence(refusal: Refusal) -> str:
    """Return why, in the reader's language."""
    return _(SENTENCES.get(refusal.code, refusal.sentence))


def reason_words(reason: str) -> str:
    """Return one field's reason in the reader's language."""
    if too_long := _TOO_LONG.search(reason):
        return _("This is longer than %s characters.") % too_long[1]
    return _(REASONS.get(reason, reason))


def heading(refusal: Refusal) -> str:
    """Return what kind of refusal it is, as the head of its page."""
    if isinstance(refusal, NotFound):
        return _("Not found")
    if isinstance(refusal, NotAllowed):
        return _("You may not do this")
    if isinstance(refusal, Invalid):
        return _("Not right yet")
    if isinstance(refusal, Conflict):
        return _("Already taken")
    return _("Not possible now")
