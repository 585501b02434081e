"""What the next page shows once of a form that was just taken: its receipt, and whose draft is no longer needed."""

from dataclasses import asdict, dataclass

from django.http import HttpRequest

from cityloop.intake.actions import Receipt

_KEY, _SENT = "receipt", "sent"


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    """What the clerk reads out; `in_sight` is False where the case lies outside the clerk's area."""

    number: str
    tracking_code: str
    in_sight: bool

    @property
    def spoken_code(self) -> str:
        """The tracking code in groups of four, as it is read aloud; the search accepts this form too."""
        return "-".join(self.tracking_code[start : start + 4] for start in range(0, len(self.tracking_code), 4))


def keep_receipt(request: HttpRequest, receipt: Receipt, *, in_sight: bool) -> None:
    """Keep the receipt for the page that follows."""
    request.session[_KEY] = asdict(ShownReceipt(receipt.number, receipt.tracking_code, in_sight))


def taken_receipt(request: HttpRequest) -> ShownReceipt | None:
    """Return the receipt that has not been shown yet and forget it; None where there is none."""
    kept = request.session.pop(_KEY, None)
    return ShownReceipt(**kept) if kept else None


def keep_sent(request: HttpRequest, key: str) -> None:
    """Let the next page remove the draft of the form with this key, which was taken."""
    request.session[_SENT] = key


def taken_sent(request: HttpRequest) -> str | None:
    """Return the key of the form that was taken before this page and forget it."""
    sent: str | None = request.session.pop(_SENT, None)
    return sent
