"""Takes up packs: enters their rows and remembers what each brought. Everything raises the revision."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from cityloop.core.codes.classes import ClassKey
from cityloop.registry.history.changes import STREAM, ChangeOutcome, apply
from cityloop.registry.models import PackTaken
from cityloop.registry.packs import folders
from cityloop.registry.packs import rows as pack_rows
from cityloop.registry.packs import versions as pack_versions
from cityloop.registry.packs.checks.proof import row_seal
from cityloop.registry.packs.in_force import packs_changed
from cityloop.registry.packs.leftovers import brought, leftovers
from cityloop.registry.packs.reading import Pack
from cityloop.registry.packs.versions import IsFollowed, refuse_changed
from cityloop.registry.revision import raise_revision
from cityloop.runtime.log import events


@transaction.atomic
def take_up(packs: Sequence[Pack], by: str, now: datetime, is_followed: IsFollowed = lambda *_: False) -> ChangeOutcome:
    """Enter what packs bring: catalogues, crosswalks, conditions, limits. A pack that did not change is skipped.

    So what an administrator changed stays until the pack itself changes; then the pack overwrites it, and the change
    can be undone. Raises Invalid where a procedure that cases follow was changed under its old version.
    """
    events.locked(STREAM)
    changed = packs_changed(packs)
    refuse_changed(changed, is_followed)
    known = {category.key for pack in packs for category in pack.classes}
    outcome = ChangeOutcome()
    for pack in changed:
        outcome += _taken(pack, packs, known, by, now)
    return outcome


def _taken(pack: Pack, packs: Sequence[Pack], known: set[ClassKey], by: str, now: datetime) -> ChangeOutcome:
    before = PackTaken.objects.filter(name=pack.name).first()
    left = leftovers(before.brought if before else {}, packs)
    digest = folders.digest(pack.folder)
    details = {"pack": pack.name, "version": pack.version, "content": digest}
    source = f"{pack.name} {pack.version}"
    outcome = apply(pack_rows.parts(pack, known, left), by, now, "PacksTakenUp", source=source, details=details)
    row = {"version": pack.version, "digest": digest, "taken_at": now, "changes_id": outcome.number}
    procedures = {**(before.procedures if before else {}), **pack_versions.digests(pack)}
    taken, _ = PackTaken.objects.update_or_create(
        name=pack.name, defaults={**row, "procedures": procedures, "brought": brought(pack)}
    )
    raise_revision()  # roles and procedures are read from the pack itself
    events.record(STREAM, "PackNoted", by, now, {"pack": pack.name, "row": row_seal(taken)})
    return outcome
