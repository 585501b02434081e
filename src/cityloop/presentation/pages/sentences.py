"""The words of every refusal in the reader's language. What is refused, and when, is decided below.

A sentence is found by the refusal's stable code, a field's reason by the English words it was given in. The English
is the fallback, so that a new refusal is never a blank page; a test names those that have no words here yet.
"""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from cityloop.registry.city.facts import title

SENTENCES: dict[str, str] = {
    "no-such-task": gettext_noop("This case has no such task."),
    "task-done": gettext_noop("This task has already been done."),
    "not-your-task": gettext_noop("None of your posts holds this task."),
    "handled-it": gettext_noop("You or your unit handled this case, so somebody else must judge it."),
    "not-in-this-stage": gettext_noop("This cannot be done in the present stage."),
    "done-by-itself": gettext_noop("This is done by the system alone."),
    "too-late-for-this": gettext_noop("The time in which this could be done is over."),
    "not-now": gettext_noop("This cannot be done now."),
    "nothing-to-extend": gettext_noop("The task that was to get more time is done."),
    "nobody-goes-on": gettext_noop("After this nobody would hold a task of the case; choose somebody for it."),
    "unit-handled-it": gettext_noop("A unit that handled this case may not judge it; choose another."),
    "procedure-missing": gettext_noop(
        "The procedure that this case follows is in no pack any more. Ask for a check of the city."
    ),
    "no-such-pack": gettext_noop("There is no such pack."),
    "outside-your-area": gettext_noop("Your post is for another area."),
    "not-pushed-down": gettext_noop(
        "This is on a department's list of powers and duties: it may not be pushed down to a community."
    ),
    "no-former-task": gettext_noop("There is no former task that could be taken up again."),
    "no-such-document": gettext_noop("There is no such document, or you may not see it."),
    "may-not-begin": gettext_noop("None of your posts may begin such a case."),
    "no-such-action": gettext_noop("This procedure has no such action."),
    "somebody-was-faster": gettext_noop(
        "Somebody else acted on this case while you had it open. The page now shows it as it stands; nothing of "
        "yours was recorded."
    ),
    "reporter-hidden": gettext_noop("Only the intake desk and the duty officer may see who reported."),
    "no-such-case": gettext_noop("There is no such case, or you may not see it."),
    "may-not-report": gettext_noop("None of your posts may hand in reports."),
    "not-your-channel": gettext_noop("You may not hand in reports by this channel."),
    "no-reporter": gettext_noop("Who reported this is not known, or was erased."),
    "reporter-unreadable": gettext_noop("Who reported this cannot be read; ask for a check of the data."),
    "clock-order": gettext_noop("This would lie before what happened to this clock last."),
    "clock-waiting": gettext_noop("This clock has not been started."),
    "clock-running": gettext_noop("This clock is running, so this cannot happen to it."),
    "clock-paused": gettext_noop("This clock is paused, so this cannot happen to it."),
    "clock-stopped": gettext_noop("This clock has stopped, so this cannot happen to it."),
    "clock-extension": gettext_noop("An extension is counted as the limit is: in working time, or throughout."),
    "account-exists": gettext_noop("There already is an account of that name."),
    "no-such-account": gettext_noop("There is no such account."),
    "no-such-place": gettext_noop("There is no such unit or no such area."),
    "other-content": gettext_noop("A report with other content was already received from this form."),
    "no-such-photo": gettext_noop("There is no such photo, or you may not see it."),
    "photo-damaged": gettext_noop("This photo is not as it was kept; ask for a check of the data."),
    "disk-full": gettext_noop("There is no room left to keep photos. Ask the administrator to make room."),
    "no-such-entry": gettext_noop("There is no such entry in the gazetteer."),
    "no-such-procedure": gettext_noop("There is no such procedure, or not in this version."),
    "no-such-class": gettext_noop("There is no such class or catalogue."),
    "no-free-code": gettext_noop("Every number of a city's own is taken in this major class."),
    "administrator-only": gettext_noop("Only an administrator of the whole city may change its data."),
    "undo-by-command": gettext_noop(
        "This change has too many rows to be undone here. Whoever runs the server undoes it by command."
    ),
    "no-such-change": gettext_noop("There is no such change."),
    "already-undone": gettext_noop("This change has already been undone."),
    "changed-since": gettext_noop("What this change made was changed again since, so it cannot be undone."),
    "still-used": gettext_noop("Something else still refers to it, so it cannot be removed."),
    "no-such-area": gettext_noop("There is no such area."),
    "no-such-level": gettext_noop("There are no areas of this level."),
    "no-such-facility": gettext_noop("There is no such facility."),
    "changed-meanwhile": gettext_noop("Somebody else changed this meanwhile; look at it again."),
    "no-post": gettext_noop("You hold no post in this city yet; ask the administrator for one."),
    "no-such-unit": gettext_noop("There is no such unit."),
    "unit-exists": gettext_noop("There already is a unit with this code."),
    "no-such-post": gettext_noop("This person holds no such post."),
    "last-administrator": gettext_noop("Somebody must be administrator; appoint another one first."),
    "cannot-sign-in": gettext_noop("Nobody signs in with this account: it is ended, or a connected system's."),
    "no-such-secret": gettext_noop("This link was used already, or is too old; ask for a new one."),
    "no-figures": gettext_noop(
        "None of your posts sees these cases. Who keeps the accounts can give you one that does."
    ),
    "no-such-facts": gettext_noop("There are no facts of that moment. Choose another moment, or the newest."),
    "no-such-book": gettext_noop("There are no indicators of that name."),
    "no-such-figure": gettext_noop("There is no such figure, or you may not see it."),
    "may-not-refresh": gettext_noop(
        "None of your posts may have the figures counted anew. It is done every hour by itself."
    ),
    "too-much-asked": gettext_noop("Too many figures are being counted just now. Try again in a minute."),
    "invalid": gettext_noop("Something is missing or not right. See the marked fields."),
}

REASONS: dict[str, str] = {
    "This must be filled in.": gettext_noop("This must be filled in."),
    "This is not one of the choices.": gettext_noop("This is not one of the choices."),
    "This is no limit; write an amount and a unit, such as 4 工作时 or 2 工作日.": gettext_noop(
        "This is no limit; write an amount and a unit, such as 4 工作时 or 2 工作日."
    ),
    "It is longer than 400 signs.": gettext_noop("It is longer than 400 signs."),
    "It is longer than 60 signs.": gettext_noop("It is longer than 60 signs."),
    "This contains a character that cannot be stored.": gettext_noop(
        "This contains a character that cannot be stored."
    ),
    "A photo was not received. Choose it again.": gettext_noop("A photo was not received. Choose it again."),
    "This photo is larger than 15 MB.": gettext_noop("This photo is larger than 15 MB."),
    "This photo has more than 60 million pixels.": gettext_noop("This photo has more than 60 million pixels."),
    "This is not a photo in JPEG, PNG or WebP.": gettext_noop("This is not a photo in JPEG, PNG or WebP."),
    "This photo is in HEIC, which cannot be read here. Set the camera to JPEG, or save it as JPEG.": gettext_noop(
        "This photo is in HEIC, which cannot be read here. Set the camera to JPEG, or save it as JPEG."
    ),
    "This photo is incomplete or damaged.": gettext_noop("This photo is incomplete or damaged."),
    "A day is written like 2026-11-22.": gettext_noop("A day is written like 2026-11-22."),
    "its name holds signs that cannot be read": gettext_noop("Its name holds signs that cannot be read."),
    "This must be a number.": gettext_noop("This must be a number."),
    "A month is written like 2026-11.": gettext_noop("A month is written like 2026-11."),
    "A month lies in the years 1990 to 2100.": gettext_noop("A month lies in the years 1990 to 2100."),
    "contains a character that cannot be stored": gettext_noop("This contains a character that cannot be stored."),
    "is not a field of a report": gettext_noop("A report has no such field."),
    "must hold name and phone": gettext_noop("This holds a name and a telephone number."),
    "must be letters a to z, digits, hyphens and dots, such as 12345": gettext_noop(
        "Use the letters a to z, digits, hyphens and dots, such as 12345."
    ),
    "must be given": gettext_noop("This must be filled in."),
    "must be text": gettext_noop("This must be text."),
    "must be given together with the other coordinate": gettext_noop("Give both coordinates, or neither."),
    "must be a number of degrees, such as 114.0579": gettext_noop("Write a number of degrees, such as 114.0579."),
    "must be a moment such as 2026-11-21T15:00:00+08:00": gettext_noop("Write a moment, such as 2026-11-21 15:00."),
    "lies in the future, or before 1990; check the sender's clock": gettext_noop(
        "This lies in the future, or before 1990."
    ),
    "was shortened by a spreadsheet; take the file from where it was made": gettext_noop(
        "A spreadsheet has shortened this id; write all of its digits."
    ),
    "is not a number": gettext_noop("This is not a number."),
    "lies outside the earth: longitude is -180 to 180, latitude -90 to 90": gettext_noop(
        "This lies outside the earth: longitude is -180 to 180, latitude -90 to 90."
    ),
    "is (0, 0), which is what a device sends that does not know where it is; leave it out": gettext_noop(
        "This is (0, 0), which is what a device sends that does not know where it is. Leave it empty."
    ),
    "looks like longitude and latitude were exchanged": gettext_noop("Longitude and latitude look exchanged."),
    "This is no period: write 2026-11, 2026-Q4 or 2026-11-01..2026-11-15.": gettext_noop(
        "This is no period: write 2026-11, 2026-Q4 or 2026-11-01..2026-11-15."
    ),
    "A period lies in the years 1990 to 2100.": gettext_noop("A period lies in the years 1990 to 2100."),
    "It ends before it begins.": gettext_noop("It ends before it begins."),
    "An area that has ended is not opened again: a new one gets a new code.": gettext_noop(
        "An area that has ended is not opened again: a new one gets a new code."
    ),
}
REASONS |= {
    "The two passwords are not the same.": gettext_noop("The two passwords are not the same."),
    "This holds a blank or a stroke.": gettext_noop("This holds a blank or a stroke."),
    "the shift ends before it begins": gettext_noop("The shift ends before it begins."),
    "holds signs that cannot be read": gettext_noop("This contains a character that cannot be stored."),
    "A code has letters, digits, hyphens and dots, at most 64.": gettext_noop(
        "A code has letters, digits, hyphens and dots, at most 64."
    ),
}
SHAPES: tuple[tuple[re.Pattern[str], str], ...] = (  # reasons that hold a value, which is put into the words
    (re.compile(r"^(.*) is no unit of the city"), gettext_noop("%s is no unit of the city.")),
    (re.compile(r"^(.*) is no area of the city"), gettext_noop("%s is no area of the city.")),
    (re.compile(r"^(.*) is no class of the city"), gettext_noop("%s is no class of the city.")),
    (re.compile(r"^no class has the code (.*), and none"), gettext_noop("No class has the code %s or begins with it.")),
    (re.compile(r"may mean (.*): give the code"), gettext_noop("This may mean several: %s. Give the code.")),
    (re.compile(r"in a ring: (.*)"), gettext_noop("These units belong to each other in a ring: %s.")),
    (
        re.compile(r"^(.*) is no credit code"),
        gettext_noop("%s is no unified social credit code: one sign is mistyped."),
    ),
    (re.compile(r"^(.*) is none of "), gettext_noop("%s is not one of the choices.")),
    (re.compile(r"^(.*) is no shift"), gettext_noop("%s is no shift: write from and until, such as 20:00-08:00.")),
    (re.compile(r"shift is longer than (\d+)"), gettext_noop("A shift is no longer than %s days.")),
    (
        re.compile(r"list of powers and duties of (.*): not to be"),
        gettext_noop("This is on the list of powers and duties of %s: it may not be pushed down to a community."),
    ),
    (re.compile(r"longer than (\d+) characters"), gettext_noop("This is longer than %s characters.")),
    (
        re.compile(r"coordinate system [\"'](.*)[\"'] is not known", re.DOTALL),
        gettext_noop("The coordinate system %s is not known; use WGS-84, CGCS2000, GCJ-02 or BD-09."),
    ),
    (re.compile(r"whole number from 1 to (\d+)"), gettext_noop("This must be a whole number from 1 to %s.")),
    (re.compile(r"at most (\d+) days ahead"), gettext_noop("This must be a day after today, at most %s days ahead.")),
    (re.compile(r"lies before (.*) or after"), gettext_noop("This lies before %s, or too far in the future.")),
    (re.compile(r"name is longer than (\d+)"), gettext_noop("Its name is longer than %s characters.")),
    (re.compile(r"^At least (\d+) are needed"), gettext_noop("At least %s are needed.")),
    (re.compile(r"^At most (\d+) are allowed"), gettext_noop("At most %s are allowed.")),
    # Django has no Chinese for this one.
    (re.compile(r"password is too short\D+(\d+)"), gettext_noop("A password has at least %s characters.")),
    (re.compile(r"its parent (.*) is not known"), gettext_noop("The area %s around this one is not known.")),
)


def sentence(refusal: Refusal) -> str:
    """Return why, in the reader's language."""
    return title(refusal.words) if refusal.words else _(SENTENCES.get(refusal.code, refusal.sentence))


def reason_words(reason: str) -> str:
    """Return one field's reason in the reader's language."""
    for shape, words in SHAPES:
        if found := shape.search(reason):
            return _(words) % found[1]
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
