"""The file of a backup: a tar whose last member is a manifest with every member's size and SHA-256.

The manifest is last, so that an archive that was cut anywhere is recognised. Only plain files are packed and unpacked.
files/backup.py knows about databases.
"""

import contextlib
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from cityloop.core.errors import NotPossible

FORMAT = "cityloop-backup/1"
MANIFEST = "manifest.json"
BLOCK = 2**20  # bytes read at a time
BEGINNING = "its beginning"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive: bytes and SHA-256 in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of an archive. `made_at` is in ISO 8601; `server` is the version of the server."""

    format: str
    made_at: str
    server: str
    members: dict[str, Member]


class Writer:
    """Adds files to an archive and remembers their sizes and digests."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, Member] = {}

    def add(self, path: Path, name: str) -> None:
        """Add one file with the length that it has now, though it may be growing."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def add_folder(self, folder: Path) -> None:
        """Add every plain file below the folder, under the folder's name; drafts (a dot in front) are left out."""
        for path in sorted(folder.rglob("[!.]*")):
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError):  # a draft that got its real name after it was listed
                    self.add(path, str(PurePosixPath(folder.name, *path.relative_to(folder).parts)))

    def close(self, made_at: str, server: str) -> Manifest:
        """Add the manifest and return it."""
        manifest = Manifest(FORMAT, made_at, server, dict(self.members))
        text = json.dumps(asdict(manifest), indent=1, ensure_ascii=False).encode()
        self._add(MANIFEST, io.BytesIO(text), len(text))
        return manifest

    def _add(self, name: str, file: BinaryIO, size: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        hashed = _Hashed(file)
        self._tar.addfile(entry, cast(BinaryIO, hashed))
        self.members[name] = Member(size, hashed.digest.hexdigest())


@contextmanager
def new(path: Path) -> Iterator[tuple[Writer, Path]]:
    """Write an archive under a draft name that becomes the real one, durably, only when the block succeeds.

    Yield the writer and the path of a temporary file next to it; only this user can read either.
    """
    draft, temporary = path.with_name(f".{path.name}.{os.getpid()}"), path.with_name(f".{path.name}.{os.getpid()}.dump")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar), temporary
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)
        temporary.unlink(missing_ok=True)


def unpack(path: Path, into: Path, allowed: tuple[str, ...]) -> Manifest:
    """Unpack an archive into an empty folder and return its manifest, after checking every byte against it.

    `allowed`: the names, or first parts of names, that members may have. After a refusal the caller removes the folder.
    """
    found: dict[str, Member] = {}
    last = BEGINNING
    try:
        with tarfile.open(path, mode="r:") as tar:
            for entry in tar:
                last = entry.name
                found[entry.name] = _unpack_member(path, tar, entry, into, (*allowed, MANIFEST))
    except tarfile.ReadError as error:
        if not found and last == BEGINNING:
            raise _unknown(path) from error
        raise _damaged(path, last) from error
    return _checked(path, into, found, last)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unpack_member(
    path: Path, tar: tarfile.TarFile, entry: tarfile.TarInfo, into: Path, allowed: tuple[str, ...]
) -> Member:
    parts = PurePosixPath(entry.name).parts
    source = tar.extractfile(entry) if entry.isreg() else None
    if source is None or entry.name.startswith("/") or ".." in parts or parts[0] not in allowed:
        raise _unknown(path)  # no backup of CityLoop has such a member
    target = into.joinpath(*parts)
    for above in reversed(target.parents[: len(parts) - 1]):  # `parents=True` would leave the upper ones open to others
        above.mkdir(mode=0o700, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := source.read(BLOCK):
            digest.update(block)
            size += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    if size != entry.size:
        raise tarfile.ReadError("unexpected end of data")
    return Member(size, digest.hexdigest())


def _checked(path: Path, into: Path, found: dict[str, Member], last: str) -> Manifest:
    if found.pop(MANIFEST, None) is None:
        raise _damaged(path, f"{MANIFEST}, after {last}")
    manifest = _manifest(path, (into / MANIFEST).read_bytes())
    for name in sorted(manifest.members.keys() | found.keys()):
        if manifest.members.get(name) != found.get(name):
            raise _damaged(path, name)
    return manifest


def _manifest(path: Path, text: bytes) -> Manifest:
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise _unknown(path)
        members = {name: Member(**facts) for name, facts in content["members"].items()}
        return Manifest(content["format"], content["made_at"], content["server"], members)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, MANIFEST) from error


def _damaged(path: Path, member: str) -> NotPossible:
    return NotPossible("archive-damaged", {"path": path, "member": member})


def _unknown(path: Path) -> NotPossible:
    return NotPossible("archive-unknown-format", {"path": path})


class _Hashed:
    """A file that calculates the digest of what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.digest.update(block)
        return block
