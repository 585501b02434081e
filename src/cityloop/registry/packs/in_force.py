"""The packs that a process runs on, and those that changed since they were taken up. Nothing is written.

A pack whose files are edited under a running city changes nothing until it is taken up, when a command that runs the
city starts.
"""

from collections.abc import Sequence

from django.conf import settings

from cityloop.registry.models import PackTaken
from cityloop.registry.packs import folders as pack_rows
from cityloop.registry.packs.reading import Pack, pack_folders, read_all

Taken = tuple[tuple[str, str], ...]  # names and digests

_read: tuple[str, Taken, tuple[Pack, ...]] | None = None


def packs_in_force() -> tuple[Pack, ...]:
    """Return the packs as this process read them first; they are read again when others were taken up."""
    global _read  # noqa: PLW0603  # one city a process
    taken = tuple(PackTaken.objects.order_by("name").values_list("name", "digest"))
    if _read is None or _read[:2] != (settings.CITYLOOP.packs, taken):
        _read = settings.CITYLOOP.packs, taken, read_all(settings.CITYLOOP.packs)
    return _read[2]


def packs_changed(packs: Sequence[Pack]) -> list[Pack]:
    """Return the packs that are not as they were last taken up, each after those it requires."""
    taken = dict(PackTaken.objects.values_list("name", "digest"))
    return [pack for pack in pack_rows.in_order(packs) if pack_rows.digest(pack.folder) != taken.get(pack.name)]


def packs_to_take_up(further: str) -> list[Pack]:
    """Return the packs, of those shipped and those in further folders, that are not as they were last taken up.

    They are only read where a folder is not as it was.
    """
    taken = set(PackTaken.objects.values_list("digest", flat=True))
    if all(pack_rows.digest(folder) in taken for folder in pack_folders(further)):
        return []
    return packs_changed(read_all(further))
