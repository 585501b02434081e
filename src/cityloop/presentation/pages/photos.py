"""The photos of a form: new files, and those already kept, which come back with our signature after a refusal.

The signature proves that the sender has had the photo: a digest alone may be known from an address.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.signing import BadSignature, Signer
from django.utils.datastructures import MultiValueDict

from cityloop.casework.history.evidence import take_in
from cityloop.core.errors import Fault, Invalid, Refusal
from cityloop.runtime.files import evidence, photos

ACCEPTED = ",".join(f"image/{form.lower()}" for form in photos.FORMATS)
MOST_BYTES = photos.MAX_BYTES
_TOKEN = re.compile(r"[0-9a-f]{64}:[\w-]+")
_DIGESTS = re.compile(r"\s*[0-9a-f]{64}(\s+[0-9a-f]{64})*\s*")
_signer = Signer(salt="kept photo")


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A photo that is here already: what the form sends back for it, and a picture of it."""

    token: str
    preview: str


@dataclass(frozen=True, slots=True)
class Received:
    """The photos of a form by field, as digests, and why a file was not taken."""

    digests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

    def joined(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return the values of a form with its new photos after those that were kept before."""
        brought = {name: (*words.get(name, "").split(), *digests) for name, digests in self.digests.items()}
        return {**words, **{name: " ".join(dict.fromkeys(digests)) for name, digests in brought.items()}}

    def check(self) -> None:
        """Raise Invalid where a file was not taken."""
        if self.faults:
            raise Invalid(self.faults)


def read_words(posted: MultiValueDict[str, str]) -> dict[str, str]:
    """Return the values of a form's fields; digests only where signed tokens were sent."""
    words = {}
    for name, values in posted.lists():
        tokens = [value for value in values if _TOKEN.fullmatch(value)]
        if tokens:
            words[name] = " ".join(digest for token in tokens if (digest := _unsigned(token)))
        else:
            text = " ".join(values)  # several boxes ticked under one name
            words[name] = "" if _DIGESTS.fullmatch(text) else text
    return words


def receive(files: "MultiValueDict[str, UploadedFile[Any]]", names: Iterable[str]) -> Received:
    """Keep the files of the fields that take photos; one that is refused does not stop the others."""
    taken: dict[str, tuple[str, ...]] = {}
    faults: dict[str, Fault] = {}
    for name in names:
        for file in files.getlist(name):
            try:
                taken[name] = (*taken.get(name, ()), _kept(file, name))
            except Invalid as refusal:
                faults.setdefault(name, refusal.faults[0])
    return Received(taken, tuple(faults.values()))


def kept_photos(answer: str) -> tuple[KeptPhoto, ...]:
    """Return the photos of an answer for its field, to be sent again."""
    return tuple(KeptPhoto(_signer.sign(digest), _preview(digest)) for digest in answer.split())


def _kept(file: "UploadedFile[Any]", name: str) -> str:
    photos.check_size(file.size or 0, name)  # before it is read into memory
    return take_in(file.read(), name)


def _unsigned(token: str) -> str | None:
    try:
        return _signer.unsign(token)
    except BadSignature:
        return None


def _preview(digest: str) -> str:
    try:
        small = photos.small(evidence.read(digest))
    except Refusal:  # removed since: the field still shows that something was there
        return ""
    return f"data:{photos.MEDIA_TYPE};base64,{b64encode(small).decode()}"
