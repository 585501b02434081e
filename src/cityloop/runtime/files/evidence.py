"""The files of evidence in HOME/evidence, each named by the SHA-256 of its bytes. casework knows whose they are.

A name appears only when its bytes are complete and durable, so two writers of one file, or a kill at any moment, leave
at most a draft behind. Facts about a file that its bytes no longer contain may be next to it; the first written stay.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from cityloop.core.errors import NotFound, NotPossible
from cityloop.runtime.files.archive import sync_folder
from cityloop.runtime.postgres.faults import refusing_os_errors

DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of the store: SHA-256 in hexadecimal, its size in bytes, and the facts next to it."""

    digest: str
    size: int
    facts: Mapping[str, Any] = field(default_factory=dict)


def keep(content: bytes, facts: Mapping[str, Any] | None = None) -> Kept:
    """Store a file durably before anything refers to it; return its name. Raise NotPossible where the disk is full."""
    digest = hashlib.sha256(content).hexdigest()
    path = _path(digest)
    with refusing_os_errors(_root()):
        _make_folder(path.parent)
        if facts:
            _write_once(path.with_suffix(".json"), json.dumps(dict(facts), sort_keys=True).encode())
        if fault(digest) is None:
            os.utime(path)  # as if new: something is about to refer to it
        else:
            _write(path, content)
        for folder in (path.parent, path.parent.parent, _root()):  # also where another writer made the name
            sync_folder(folder)
    return Kept(digest, len(content), facts or {})


def holds(digest: str) -> Kept | None:
    """Return what is known of a file without reading it; None where it is not stored."""
    if not DIGEST.fullmatch(digest):
        return None
    path = _path(digest)
    try:
        return Kept(digest, path.stat().st_size, _facts(path))
    except FileNotFoundError:
        return None


def read(digest: str) -> bytes:
    """Return a file's bytes; raise NotFound where it is not stored, NotPossible where it was altered."""
    if holds(digest) is None:
        raise NotFound("no-such-photo")
    content = _path(digest).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise NotPossible("photo-damaged")
    return content


def fault(digest: str) -> str | None:
    """Return what is wrong with a stored file; None where its bytes match its name."""
    try:
        with _path(digest).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "its file is missing"
    return None if found == digest else "its file was altered"


def remove(digest: str) -> None:
    """Remove a file and its facts permanently."""
    path = _path(digest)
    for name in (path, path.with_suffix(".json")):
        name.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def kept_before(moment: datetime) -> Iterator[str]:
    """Yield the files that were last stored before a moment, removing older drafts of writers that died."""
    for path in sorted(_root().glob("*/*/*")):
        with suppress(FileNotFoundError):  # removed after it was listed
            if path.stat().st_mtime >= moment.timestamp():
                continue
            if path.name.startswith("."):
                path.unlink()
            elif DIGEST.fullmatch(path.name):
                yield path.name


def _root() -> Path:
    home: Path = settings.CITYLOOP.home_folder
    return home / "evidence"


def _path(digest: str) -> Path:
    return _root() / digest[:2] / digest[2:4] / digest


def _facts(path: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads(path.with_suffix(".json").read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it; `parents=True` would leave the upper ones open to others."""
    for path in (folder.parent.parent.parent, folder.parent.parent, folder.parent, folder):
        path.mkdir(mode=0o700, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    draft = _draft(path, content)
    draft.rename(path)


def _write_once(path: Path, content: bytes) -> None:
    draft = _draft(path, content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, content: bytes) -> Path:
    """Write the bytes durably to a draft next to the path; where that fails, leave nothing."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    return draft
