"""Photos through the case page: handed in, kept over a refusal, shown in the history, hidden from who may not see."""

import re
from collections.abc import Callable
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.utils.translation import override
from PIL import Image

from cityloop.casework.actions import act
from cityloop.casework.models import Case, Evidence
from cityloop.core.errors import Fault
from cityloop.presentation.pages import uploads as limited_upload
from cityloop.presentation.pages.sentences import SENTENCES, fault_words
from cityloop.runtime.files import photos
from example import NOW
from screens.conftest import HTMX, As, Page

STRAIGHT = (
    ("accept", "operator", {"category": "06010", "district": "671001"}),
    ("file", "duty", {}),
    ("dispatch", "dispatcher", {"unit": "roads"}),
)
Send = Callable[..., HttpResponse]


@pytest.fixture
def dispatched(number: str, people: dict) -> str:
    """The number of a case that the roads unit is to handle."""
    for action, username, inputs in STRAIGHT:
        act(number, action, Case.objects.get(number=number).tasks.count(), people[username], inputs, None, NOW)
    return number


@pytest.fixture
def send(dispatched: str, signed_in: As) -> Send:
    """Report the case back as the roads unit does."""

    def sent(*files: SimpleUploadedFile, htmx: bool = False, **given: object) -> HttpResponse:
        case = Case.objects.get(number=dispatched)
        fixed = {"task": case.tasks.count(), "action": "report_back", "length": case.length, "result": "已清理"}
        answers = {**fixed, **({"photos": list(files)} if files else {}), **given}
        return signed_in("roads").post(f"/cases/{dispatched}/act/", answers, **(HTMX if htmx else {}))

    return sent


def picture(colour: str = "red", name: str = "现场.jpg", size: tuple[int, int] = (640, 480)) -> SimpleUploadedFile:
    content = BytesIO()
    Image.new("RGB", size, colour).save(content, "JPEG")
    return SimpleUploadedFile(name, content.getvalue(), "image/jpeg")


def tokens(answer: HttpResponse) -> list[str]:
    return re.findall(r'name="photos" value="([^"]+)" checked', unescape(answer.content.decode()))


def stage(number: str) -> str:
    return Case.objects.get(number=number).stage


def test_photos_are_asked_for_by_a_form_that_can_bring_files(dispatched: str, signed_in: As) -> None:
    page = signed_in("roads").get(f"/cases/{dispatched}/").content.decode()
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'value="report_back"' in form)
    assert 'enctype="multipart/form-data"' in form
    assert re.search(r'<input type="file"[^>]* name="photos"[^>]* accept="image/jpeg,[^"]*" multiple>', form)
    others = [form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'value="ask_help"' in form]
    assert others and not any("multipart" in form for form in others)


@pytest.mark.parametrize("htmx", [False, True])
def test_photos_stand_in_the_history_with_what_they_show(
    dispatched: str, signed_in: As, send: Send, htmx: bool
) -> None:
    answer = send(picture("red"), picture("blue"), htmx=htmx)
    assert answer.status_code == (200 if htmx else 302)
    digests = list(Evidence.objects.order_by("pk").values_list("digest", flat=True))
    page = signed_in("operator").get(f"/cases/{dispatched}/").content.decode()
    for digest in digests:
        assert f'href="/cases/{dispatched}/photos/{digest}/"' in page
        assert f'src="/cases/{dispatched}/photos/{digest}/?size=small"' in page
    texts = re.findall(r'photos/[0-9a-f]+/\?size=small" alt="([^"]+)"', page)
    assert len(set(texts)) == 2
    assert all("处置后照片" in text and re.search(r"\d\d:\d\d", text) for text in texts)
    assert not re.search(rf"<dd>[^<]*{digests[0]}", page)


def test_a_photo_is_sent_whole_and_small_for_this_browser_alone(dispatched: str, signed_in: As, send: Send) -> None:
    send(picture(size=(1200, 900)))
    address = f"/cases/{dispatched}/photos/{Evidence.objects.get().digest}/"
    sizes = []
    for small in ("", "?size=small"):
        answer = signed_in("operator").get(address + small)
        assert answer["Content-Type"] == "image/jpeg"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert re.fullmatch(r"private, max-age=\d+, immutable", answer["Cache-Control"])
        sizes.append(Image.open(BytesIO(answer.content)).size)
    assert sizes == [(1200, 900), (320, 240)]


def test_who_may_not_see_the_case_does_not_see_its_photos(dispatched: str, signed_in: As, send: Send) -> None:
    send(picture())
    address = f"/cases/{dispatched}/photos/{Evidence.objects.get().digest}/"
    assert signed_in("parks").get(address).status_code == 404
    assert signed_in("roads").get(address).status_code == 200


@pytest.mark.parametrize("htmx", [False, True])
def test_a_file_that_is_not_a_photo_is_refused_at_its_field_and_the_rest_is_kept(
    dispatched: str, send: Send, htmx: bool
) -> None:
    text = SimpleUploadedFile("photo.jpg", b"not a photo", "image/jpeg")
    refused = send(picture(), text, htmx=htmx, result="路面已修补")
    assert refused.status_code == 422
    page = refused.content.decode()
    assert "不是 JPEG、PNG 或 WebP" in Page(refused.content).text
    assert re.search(r'has-fault">\s*<label[^>]*for="report_back-photos"', page)
    assert "路面已修补" in page
    assert len(tokens(refused)) == 1
    assert re.search(r'<img src="data:image/jpeg;base64,[^"]{200,}" alt=""', page)
    assert stage(dispatched) == "handling"
    again = send(htmx=htmx, photos=tokens(refused), result="路面已修补")
    assert again.status_code == (200 if htmx else 302)
    assert stage(dispatched) == "checking"
    assert Evidence.objects.count() == 1


def test_photos_outlive_another_fields_fault_and_more_can_be_added(dispatched: str, send: Send) -> None:
    refused = send(picture("red"), picture("blue"), result="")
    assert refused.status_code == 422
    assert len(tokens(refused)) == 2
    case = Case.objects.get(number=dispatched)
    assert not case.evidence.exists()
    assert send(picture("green"), photos=[tokens(refused)[1], picture("green")]).status_code == 302
    given = case.evidence.order_by("pk").values_list("digest", flat=True)
    assert [digest == tokens(refused)[1].split(":")[0] for digest in given] == [True, False]


def test_a_digest_is_not_taken_without_our_signature(dispatched: str, send: Send) -> None:
    kept = tokens(send(picture(), result=""))[0]
    digest, _, signature = kept.partition(":")
    forged = f"{digest}:{signature[:-2]}xx"
    for given in (digest, f" {digest} {digest}", forged, [forged, forged]):
        send(photos=given, result="")
        assert tokens(send(photos=given, result="")) == []
    assert send(photos=digest).status_code == 302  # photos may be left out here
    assert not Evidence.objects.exists()


def test_files_nobody_asked_for_are_not_kept(dispatched: str, send: Send, signed_in: As, settings: object) -> None:
    folder = settings.CITYLOOP.home_folder / "evidence"  # type: ignore[attr-defined]
    before = set(folder.rglob("*"))
    assert send(other=picture("pink")).status_code == 302
    form = {"task": "1", "action": "report_back", "photos": picture("purple")}
    assert signed_in("parks").post(f"/cases/{dispatched}/act/", form).status_code == 404
    assert set(folder.rglob("*")) == before


def test_a_file_that_is_too_large_is_refused_before_it_is_read(dispatched: str, send: Send) -> None:
    refused = send(SimpleUploadedFile("large.jpg", b"\xff" * (photos.MAX_BYTES + 1), "image/jpeg"))
    assert refused.status_code == 422
    assert "超过 15 MB" in Page(refused.content).text


def test_a_request_of_too_many_files_is_refused_before_it_is_read(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited_upload, "LARGEST_REQUEST", 1000)
    assert send(picture()).status_code == 400
    assert not Evidence.objects.exists()


def test_every_reason_why_a_photo_is_refused_is_shown_in_chinese() -> None:
    faults = [Fault("photos", code) for code in SENTENCES if code.startswith("photo-")]
    assert len(faults) > 5
    with override("zh-hans"):
        assert all(re.search(r"[\u4e00-\u9fff]", fault_words(fault)) for fault in faults)
    assert {"no-such-photo", "photo-damaged", "disk-full"} <= SENTENCES.keys()
