"""The sentence of every refusal and fault in the reader's language, by its code. The English is in core/sentences."""

from django.utils.translation import gettext as _

from cityloop.core.errors import Conflict, Fault, Invalid, NotAllowed, NotFound, Refusal
from cityloop.core.sentences import SENTENCES, Values
from cityloop.registry.city.facts import title


def sentence(refusal: Refusal) -> str:
    """Return why something is refused, in the reader's language."""
    if refusal.words:
        return title(refusal.words)
    return _in_words(refusal.code, refusal.values)


def fault_words(fault: Fault) -> str:
    """Return what is wrong with a field, in the reader's language."""
    return _in_words(fault.code, fault.values)


def _in_words(code: str, values: Values) -> str:
    return _(SENTENCES[code]) % values if code in SENTENCES else code


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
