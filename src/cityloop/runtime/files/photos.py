"""An uploaded picture made harmless: known by its bytes, turned upright, drawn anew as JPEG, its metadata taken off.

What the camera wrote down about moment and place is handed back apart. Where photos are kept is evidence.py's.
"""

import math
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from threading import Lock
from typing import Any

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from cityloop.core.errors import Fault, Invalid

MEDIA_TYPE = "image/jpeg"
MAX_BYTES = 15_000_000
MAX_PIXELS = 60_000_000
LONG_SIDE = 2560  # pixels
SMALL_SIDE = 320
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP")

TOO_LARGE = "This photo is larger than 15 MB."
TOO_MANY_PIXELS = "This photo has more than 60 million pixels."
NO_PICTURE = "This is not a photo in JPEG, PNG or WebP."
HEIC = "This photo is in HEIC, which cannot be read here. Set the camera to JPEG, or save it as JPEG."
BROKEN = "This photo is incomplete or damaged."

# What reading a damaged or malicious file raises.
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, EOFError, LookupError, TypeError, ArithmeticError)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_ONE_AT_A_TIME = Lock()  # sixty million pixels are 240 MB

warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A photo as it is kept. `taken`: moment (ISO 8601, the camera's own time), lon and lat (WGS-84), where known."""

    content: bytes
    width: int
    height: int
    taken: Mapping[str, str] = field(default_factory=dict)
    media_type: str = MEDIA_TYPE


def cleaned(upload: bytes, name: str = "photo") -> Cleaned:
    """Return the upload as a JPEG of at most 2560 pixels a side that holds nothing but the picture.

    Raises Invalid on the field of that name for what is no picture, is damaged or is too large.
    """
    check_size(len(upload), name)
    with _ONE_AT_A_TIME, _refused(name), _opened(upload) as image:
        taken = _taken(image)
        picture = _upright(image, LONG_SIDE)
        return Cleaned(_jpeg(picture), picture.width, picture.height, taken)


def check_size(size: int, name: str = "photo") -> None:
    """Raise Invalid for an upload of too many bytes, which need not be read for it."""
    if size > MAX_BYTES:
        raise Invalid([Fault(name, TOO_LARGE)])


def small(content: bytes) -> bytes:
    """Return a kept photo at most 320 pixels a side."""
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        return _jpeg(_upright(image, SMALL_SIDE))


class _Refused(Exception):
    """Why an upload is not taken, in words."""


@contextmanager
def _refused(name: str) -> Iterator[None]:
    try:
        yield
    except _Refused as why:
        raise Invalid([Fault(name, str(why))]) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid([Fault(name, TOO_MANY_PIXELS)]) from None
    except _UNREADABLE:
        raise Invalid([Fault(name, BROKEN)]) from None


def _opened(upload: bytes) -> Image.Image:
    """Open an upload by what its bytes are, whatever it is called; nothing is decoded yet."""
    if upload[4:8] == b"ftyp" and upload[8:12] in _HEIC_BRANDS:
        raise _Refused(HEIC)
    try:
        image = Image.open(BytesIO(upload), formats=FORMATS)
    except UnidentifiedImageError:
        raise _Refused(NO_PICTURE) from None
    if image.width * image.height > MAX_PIXELS:
        raise _Refused(TOO_MANY_PIXELS)
    return image


def _upright(image: Image.Image, side: int) -> Image.Image:
    """Return a new picture of the pixels alone, turned as the camera was held, on white where it is transparent."""
    if image.mode.startswith("I;16"):  # Pillow would cut off what is brighter than 255
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    turned = _turned(image)
    picture = Image.new("RGB", turned.size, "white")
    if turned.has_transparency_data:
        seen = turned.convert("RGBA")
        picture.paste(seen, mask=seen.getchannel("A"))
    else:
        picture.paste(turned.convert("RGB"))
    return picture


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _UNREADABLE:  # how it was held is not known; the picture may be whole
        return image


def _jpeg(picture: Image.Image) -> bytes:
    written = BytesIO()
    picture.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def _taken(image: Image.Image) -> dict[str, str]:
    """Return what the camera wrote down; what it wrote wrongly it did not write."""
    try:
        exif = image.getexif()
        return _moment(exif.get_ifd(ExifTags.IFD.Exif)) | _place(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except _UNREADABLE:
        return {}


def _moment(said: Mapping[int, Any]) -> dict[str, str]:
    words = str(said.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    offset = str(said.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    for written, form in ((words + offset, "%Y:%m:%d %H:%M:%S%z"), (words, "%Y:%m:%d %H:%M:%S")):
        with suppress(ValueError):
            return {"moment": datetime.strptime(written, form).isoformat()}  # noqa: DTZ007  # no zone was written
    return {}


def _place(said: Mapping[int, Any]) -> dict[str, str]:
    lat = _degrees(said.get(ExifTags.GPS.GPSLatitude), said.get(ExifTags.GPS.GPSLatitudeRef) == "S")
    lon = _degrees(said.get(ExifTags.GPS.GPSLongitude), said.get(ExifTags.GPS.GPSLongitudeRef) == "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or lat == lon == 0:
        return {}
    return {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}


def _degrees(said: Any, is_negative: bool) -> float | None:
    """Return degrees, minutes and seconds as one number; None for none or no number."""
    if said is None:
        return None
    degrees, minutes, seconds = (float(part) for part in said)
    found = degrees + minutes / 60 + seconds / 3600
    return None if not math.isfinite(found) else -found if is_negative else found
