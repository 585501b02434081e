"""The sentence of every refusal and fault in the reader's language, by its code. The English is in core/sentences."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cityloop.core.errors import Conflict, Fault, Invalid, NotAllowed, NotFound, Refusal
from cityloop.core.sentences import SENTENCES
from cityloop.registry.city.facts import title

# BEGIN of what goes when no Fault is raised with an English sentence instead of a code any more.
REASONS: dict[str, str] = {
    "This is no limit; write an amount and a unit, such as 4 工作时 or 2 工作日.": gettext_noop(
        "This is no limit; write an amount and a unit, such as 4 工作时 or 2 工作日."
    ),
    "It is longer than 400 signs.": gettext_noop("It is longer than 400 signs."),
    "It is longer than 60 signs.": gettext_noop("It is longer than 60 signs."),
    "its name holds signs that cannot be read": gettext_noop("Its name holds signs that cannot be read."),
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
    "An area that has ended is not opened again: a new one gets a new code.": gettext_noop(
        "An area that has ended is not opened again: a new one gets a new code."
    ),
    "the shift ends before it begins": gettext_noop("The shift ends before it begins."),
    "holds signs that cannot be read": gettext_noop("This contains a character that cannot be stored."),
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
# END


def sentence(refusal: Refusal) -> str:
    """Return why something is refused, in the reader's language."""
    if refusal.words:
        return title(refusal.words)
    return _(SENTENCES[refusal.code]) % refusal.values if refusal.code in SENTENCES else refusal.sentence


def fault_words(fault: Fault) -> str:
    """Return what is wrong with a field, in the reader's language."""
    if fault.code in SENTENCES:
        return _(SENTENCES[fault.code]) % fault.values
    return reason_words(fault.code)


def reason_words(text: str) -> str:
    """Return a sentence that has no code in the reader's language; as it is where it has no translation."""
    for shape, words in SHAPES:
        if found := shape.search(text):
            return _(words) % found[1]
    return _(REASONS.get(text, text)) if text else ""


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
