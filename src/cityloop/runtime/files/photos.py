"""Makes an uploaded picture harmless: identified by its bytes, turned upright, encoded again as JPEG without metadata.

The time and place that the camera recorded are returned separately. files/evidence.py stores photos.
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

# Codes of core/sentences/fields.py
TOO_LARGE = "photo-too-large"
TOO_MANY_PIXELS = "photo-too-many-pixels"
NO_PICTURE = "photo-not-an-image"
HEIC = "photo-heic"
BROKEN = "photo-incomplete"

# What reading a damaged or malicious file raises.
_UNREADABLE = (OSError, SyntaxError, ValueError, struct.error, EOFError, LookupError, TypeError, ArithmeticError)
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_ONE_AT_A_TIME = Lock()  # sixty million pixels are 240 MB

warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A photo as it is stored. `taken`: moment (ISO 8601, the camera's own time), lon and lat (WGS-84), where known."""

    content: bytes
    width: int
    height: int
    taken: Mapping[str, str] = field(default_factory=dict)
    media_type: str = MEDIA_TYPE


def cleaned(upload: bytes, name: str = "photo") -> Cleaned:
    """Return the upload as a JPEG of at most 2560 pixels a side that contains nothing but the picture.

    Raise Invalid on the field of that name where it is not a picture, is damaged or is too large.
    """
    check_size(len(upload), name)
    with _ONE_AT_A_TIME, _refused(name), _opened(upload) as image:
        taken = _taken(image)
        picture = _upright(image, LONG_SIDE)
        return Cleaned(_jpeg(picture), picture.width, picture.height, taken)


def check_size(size: int, name: str = "photo") -> None:
    """Raise Invalid for an upload of too many bytes, before it is read."""
    if size > MAX_BYTES:
        raise Invalid([Fault(name, TOO_LARGE)])


def small(content: bytes) -> bytes:
    """Return a stored photo at most 320 pixels a side."""
    with Image.open(BytesIO(content), formats=["JPEG"]) as image:
        return _jpeg(_upright(image, SMALL_SIDE))


class _Refused(Exception):
    """An upload that is not accepted; its argument is the code."""


@contextmanager
def _refused(name: str) -> Iterator[None]:
    try:
        yield
    except _Refused as error:
        raise Invalid([Fault(name, str(error))]) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid([Fault(name, TOO_MANY_PIXELS)]) from None
    except _UNREADABLE:
        raise Invalid([Fault(name, BROKEN)]) from None


def _opened(upload: bytes) -> Image.Image:
    """Open an upload by its bytes, whatever its name is; nothing is decoded yet."""
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
    """Return a new picture with the pixels only, turned as the camera was held, white where it is transparent."""
    if image.mode.startswith("I;16"):  # Pillow would cut off what is brighter than 255
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    turned = _turned(image)
    picture = Image.new("RGB", turned.size, "white")
    if turned.has_transparency_data:
        layer = turned.convert("RGBA")
        picture.paste(layer, mask=layer.getchannel("A"))
    else:
        picture.paste(turned.convert("RGB"))
    return picture


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except _UNREADABLE:  # how the camera was held is unknown; the picture may be complete
        return image


def _jpeg(picture: Image.Image) -> bytes:
    output = BytesIO()
    picture.save(output, "JPEG", quality=QUALITY)
    return output.getvalue()


def _taken(image: Image.Image) -> dict[str, str]:
    """Return what the camera recorded; values that cannot be read are left out."""
    try:
        exif = image.getexif()
        return _moment(exif.get_ifd(ExifTags.IFD.Exif)) | _place(exif.get_ifd(ExifTags.IFD.GPSInfo))
    except _UNREADABLE:
        return {}


def _moment(tags: Mapping[int, Any]) -> dict[str, str]:
    local = str(tags.get(ExifTags.Base.DateTimeOriginal, "")).strip("\0 ")
    offset = str(tags.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    for text, form in ((local + offset, "%Y:%m:%d %H:%M:%S%z"), (local, "%Y:%m:%d %H:%M:%S")):
        with suppress(ValueError):
            return {"moment": datetime.strptime(text, form).isoformat()}  # noqa: DTZ007  # no zone was recorded
    return {}


def _place(tags: Mapping[int, Any]) -> dict[str, str]:
    lat = _degrees(tags.get(ExifTags.GPS.GPSLatitude), tags.get(ExifTags.GPS.GPSLatitudeRef) == "S")
    lon = _degrees(tags.get(ExifTags.GPS.GPSLongitude), tags.get(ExifTags.GPS.GPSLongitudeRef) == "W")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or lat == lon == 0:
        return {}
    return {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}


def _degrees(parts: Any, is_negative: bool) -> float | None:
    """Return degrees, minutes and seconds as one number; None where there are none or they are not finite."""
    if parts is None:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    total = degrees + minutes / 60 + seconds / 3600
    return None if not math.isfinite(total) else -total if is_negative else total
