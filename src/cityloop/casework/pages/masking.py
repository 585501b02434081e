"""How the words of a case are shown to a person: as they are, or with personal data masked.

What is personal in a text is decided in core.personal_words, who may see it in rules/scope.py.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from django.utils.translation import gettext

from cityloop.casework import models
from cityloop.casework.rules.scope import REPORTER, UNMASKING, may_unmask
from cityloop.core.actors import Actor
from cityloop.core.personal_words import Mask, masked, unmasked
from cityloop.core.place.areas import codes_in
from cityloop.runtime.secrets import vault


def mask_of(actor: Actor, areas: Collection[str], reporter: Mapping[str, str | None]) -> Mask:
    """Return the mask of a case in these areas; `reporter` are the encrypted words of who reported, by name."""
    if may_unmask(actor, areas):
        return unmasked
    name, phone = (_unlocked(reporter.get(key)) for key in REPORTER)
    return partial(masked, name=name, phone=phone)


def masks(actor: Actor, ids: Sequence[int]) -> dict[int, Mask]:
    """Return the mask of each case of a list."""
    posts = [post for post in actor.posts if post.role in UNMASKING]
    if any(post.area is None for post in posts):
        return dict.fromkeys(ids, unmasked)
    reporters: dict[int, dict[str, str | None]] = {case_id: {} for case_id in ids}
    rows = models.PersonalWords.objects.filter(case__in=ids, seq=1, name__in=REPORTER)
    for case_id, name, body in rows.values_list("case", "name", "body"):
        reporters[case_id][name] = body
    facts = dict(models.Case.objects.filter(pk__in=ids).values_list("pk", "facts")) if posts else {}
    return {case_id: mask_of(actor, codes_in(facts.get(case_id, {})), reporters[case_id]) for case_id in ids}


def shown_reporter(words: Mapping[str, str | None], name: str, mask: Mask) -> str | None:
    """Return the masked name or telephone of who reported; None where the report had none."""
    if name not in words:
        return None
    body = words[name]
    try:
        return gettext("(erased by law)") if body is None else mask(vault.unlock(body))
    except vault.UnreadableSecret:  # altered, or another key: `cityloop verify` says which
        return gettext("(cannot be read)")


def _unlocked(body: str | None) -> str:
    try:
        return vault.unlock(body) if body else ""
    except vault.UnreadableSecret:
        return ""
