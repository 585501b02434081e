"""Photos as people send them: every kind of picture, with orientation and place, and files that are not pictures."""

import random
import struct
import zlib
from io import BytesIO

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from cityloop.core.errors import Invalid
from cityloop.runtime.files import photos

SECRET = b"SN-4711-secret"


def written(image: Image.Image, form: str = "JPEG", **more: object) -> bytes:
    content = BytesIO()
    image.save(content, form, **more)
    return content.getvalue()


def from_a_telephone(orientation: int = 1, form: str = "JPEG", **gps: object) -> bytes:
    """A picture with a red left half and everything that a telephone records about itself."""
    image = Image.new("RGB", (800, 400), "blue")
    image.paste("red", (0, 0, 400, 400))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.BodySerialNumber] = SECRET.decode()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:21 15:04:05"
    place = {"GPSLatitudeRef": "N", "GPSLatitude": (23.0, 3.0, 15.5), "GPSLongitudeRef": "E"}
    for name, value in {**place, "GPSLongitude": (120.0, 6.0, 2.25), **gps}.items():
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS[name]] = value
    more = {"comment": SECRET, "xmp": SECRET} if form == "JPEG" else {}
    return written(image, form, exif=exif, icc_profile=SECRET * 20, **more)


def shown(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def colour(image: Image.Image, x: float, y: float) -> str:
    red, green, blue = image.convert("RGB").getpixel((int(x * (image.width - 1)), int(y * (image.height - 1))))
    known = {"red": red - blue > 140, "blue": blue - red > 140, "white": min(red, green, blue) > 240}
    return next(name for name, is_so in known.items() if is_so)


def refused(upload: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        photos.cleaned(upload, "proof")
    assert [fault.field for fault in caught.value.faults] == ["proof"]
    return caught.value.faults[0].code


def test_place_and_camera_are_removed_from_the_photo_and_returned_separately() -> None:
    upload = from_a_telephone()
    assert SECRET in upload
    clean = photos.cleaned(upload)
    assert clean.taken == {"moment": "2026-11-21T15:04:05", "lon": "120.100625", "lat": "23.054306"}
    image = shown(clean.content)
    assert (image.format, clean.media_type, image.size) == ("JPEG", "image/jpeg", (clean.width, clean.height))
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert SECRET not in clean.content
    assert b"Exif" not in clean.content


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_place_is_removed_from_other_formats_too(form: str) -> None:
    upload = from_a_telephone(form=form)
    clean = photos.cleaned(upload)
    assert (clean.taken["lon"], clean.taken["lat"]) == ("120.100625", "23.054306")
    assert shown(clean.content).format == "JPEG"
    assert SECRET not in clean.content


def test_texts_in_a_png_are_removed() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", SECRET.decode())
    assert SECRET not in photos.cleaned(written(Image.new("RGB", (9, 9)), "PNG", pnginfo=words)).content


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (800, 400), (0, 0.5)), (3, (800, 400), (1, 0.5)), (6, (400, 800), (0.5, 0)), (8, (400, 800), (0.5, 1))],
)
def test_a_photo_is_turned_as_the_camera_was_held(
    orientation: int, size: tuple[int, int], red: tuple[float, float]
) -> None:
    image = shown(photos.cleaned(from_a_telephone(orientation)).content)
    assert image.size == size
    assert colour(image, *red) == "red"
    assert colour(image, 1 - red[0], 1 - red[1]) == "blue"


def test_a_large_photo_is_made_smaller_and_a_small_one_is_not() -> None:
    assert photos.cleaned(written(Image.new("RGB", (6000, 3000)))).width == photos.LONG_SIDE
    assert photos.cleaned(written(Image.new("RGB", (30, 4000)))).height == photos.LONG_SIDE
    assert photos.cleaned(written(Image.new("RGB", (30, 20)))).width == 30


def test_a_stored_photo_has_a_small_version() -> None:
    small = shown(photos.small(photos.cleaned(from_a_telephone(6)).content))
    assert small.size == (160, 320)
    assert colour(small, 0.5, 0) == "red"


def test_what_is_transparent_becomes_white() -> None:
    image = Image.new("RGBA", (100, 100), (255, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 50, 100))
    clean = shown(photos.cleaned(written(image, "PNG")).content)
    assert (colour(clean, 0.2, 0.5), colour(clean, 0.9, 0.5)) == ("red", "white")
    palette = Image.new("P", (10, 10), 0)
    palette.putpalette([0, 0, 255])
    assert colour(shown(photos.cleaned(written(palette, "PNG", transparency=0)).content), 0.5, 0.5) == "white"


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "CMYK", "YCbCr", "I;16"])
def test_every_colour_mode_is_accepted(mode: str) -> None:
    form = "JPEG" if mode in ("CMYK", "YCbCr") else "PNG"
    grey = {"I;16": 128 * 256, "1": 1}.get(mode)
    image = Image.new(mode, (40, 30), grey) if grey else Image.new("L", (40, 30), 128).convert(mode)
    red, _, _ = shown(photos.cleaned(written(image, form)).content).convert("RGB").getpixel((20, 15))
    assert mode == "1" or 120 <= red <= 136


def test_a_file_with_a_second_picture_behind_the_first_is_accepted() -> None:
    first, second = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")
    upload = written(first, "MPO", save_all=True, append_images=[second])
    assert shown(upload).format == "MPO"
    clean = photos.cleaned(upload).content
    assert colour(shown(clean), 0.5, 0.5) == "red"
    assert shown(clean).format == "JPEG"


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (b"", photos.NO_PICTURE),
        ("这是一个名为 photo.jpg 的文本".encode(), photos.NO_PICTURE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", photos.NO_PICTURE),
        (b"%PDF-1.7\n" + b"x" * 500, photos.NO_PICTURE),
        (written(Image.new("RGB", (9, 9)), "GIF"), photos.NO_PICTURE),
        (written(Image.new("RGB", (9, 9)), "TIFF"), photos.NO_PICTURE),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"x" * 500, photos.HEIC),
        (written(Image.new("RGB", (9, 9))) + b"x" * photos.MAX_BYTES, photos.TOO_LARGE),
    ],
    ids=["nothing", "text", "svg", "pdf", "gif", "tiff", "heic", "too large"],
)
def test_what_is_not_a_photo_is_refused(upload: bytes, code: str) -> None:
    assert refused(upload) == code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
def test_a_photo_cut_during_the_upload_is_refused(form: str, share: float) -> None:
    noise = Image.effect_noise((300, 300), 80)
    upload = written(noise, form)
    assert refused(upload[: int(len(upload) * share)]) in (photos.BROKEN, photos.NO_PICTURE)


def png_that_says(width: int, height: int) -> bytes:
    """A small file that claims to contain an enormous picture."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [7_800, 9_700, 60_000], ids=["beyond ours", "beyond warnings", "beyond errors"])
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(side: int) -> None:
    assert refused(png_that_says(side, side)) == photos.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "gps",
    [
        {"GPSLatitude": (99.0, 0.0, 0.0)},
        {"GPSLatitude": (0.0, 0.0, 0.0), "GPSLongitude": (0.0, 0.0, 0.0)},
        {"GPSLatitude": (23.0,)},
    ],
    ids=["off the earth", "zero", "cut"],
)
def test_an_impossible_place_is_left_out(gps: dict[str, object]) -> None:
    assert "lon" not in photos.cleaned(from_a_telephone(**gps)).taken


def test_south_and_west_are_negative() -> None:
    taken = photos.cleaned(from_a_telephone(GPSLatitudeRef="S", GPSLongitudeRef="W")).taken
    assert (taken["lon"], taken["lat"]) == ("-120.100625", "-23.054306")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_photo_with_damaged_metadata_is_accepted_without_it() -> None:
    upload = from_a_telephone(6)
    start = upload.index(b"Exif\0\0") + 14
    clean = photos.cleaned(upload[:start] + b"\xff" * 200 + upload[start + 200 :])
    assert clean.taken == {}
    assert colour(shown(clean.content), 0, 0.5) == "red"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_of_a_photo_cause_at_most_a_refusal() -> None:
    chance = random.Random(4711)
    for form in ("JPEG", "PNG", "WEBP"):
        whole = from_a_telephone(form=form)
        for _ in range(150):
            damaged = bytearray(whole)
            for _ in range(chance.choice((1, 4, 30))):
                damaged[chance.randrange(min(len(damaged), 700))] = chance.randrange(256)
            try:
                photos.cleaned(bytes(damaged))
            except Invalid as refusal:
                assert refusal.faults[0].code in (photos.BROKEN, photos.NO_PICTURE, photos.TOO_MANY_PIXELS)
