"""The small city of the tests: its places, its people, its present moment."""

from dataclasses import dataclass
from datetime import UTC, datetime

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # Friday, 10:00 in the city


@dataclass(frozen=True)
class SmallCity:
    """A city of two districts with two communities each, squares of 0.1 degree side by side from (120.0, 23.0)."""

    north: str = "671001"
    south: str = "671002"
    inside_north: tuple[float, float] = (120.05, 23.05)
    inside_south: tuple[float, float] = (120.25, 23.05)
    outside: tuple[float, float] = (121.5, 25.0)


PEOPLE = {  # username: (role, unit, area)
    "operator": ("operator", "centre", None),
    "duty": ("duty_officer", "centre", None),
    "dispatcher": ("dispatcher", "centre", None),
    "collector": ("collector", "collectors", None),
    "roads": ("handler", "roads", None),
    "roads2": ("handler", "roads", None),
    "parks": ("handler", "parks", None),
    "north_operator": ("operator", "centre", "671001"),
    "leader": ("leader", "centre", None),
    "hotline": ("partner", "hotlines", None),
    "street": ("street_officer", "street", "671001"),
    "enforcement": ("enforcement_officer", "enforcement", None),
    "administrator": ("administrator", "centre", None),
}
PASSWORD = "right-horse-9"


def code_at(secret: str, at: datetime) -> str:
    """Return the code that an app shows at that moment."""
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(at.timestamp()) // 30))
