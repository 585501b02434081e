"""What an action is given, checked against what it asks for. Whether a code exists in the city is asked above."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from cityloop.core.clocks.worktime import Limit, LimitUnit
from cityloop.core.errors import Fault, Invalid
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.procedures.procedure import Need, NeedKind, Words

LONGEST_TEXT = 4000  # characters in one answer
LARGEST_NUMBER = 10_000
LONGEST_WAIT = 3660  # days
MOST_MEMBERS = 50  # units or photos
DIGEST = 64  # hexadecimal digits of a SHA-256

UNKNOWN = "not-a-choice"


def checked(needs: Sequence[Need], inputs: Words, today: date) -> dict[str, str]:
    """Return the answers without blanks, or raise Invalid naming every wrong field."""
    known = {need.name for need in needs}
    answers = {name: words.strip() for name, words in inputs.items() if name in known and words.strip()}
    faults = []
    for need in needs:
        try:
            if need.name in answers:
                answers[need.name] = _checked_answer(need, answers[need.name], today)
            elif need.required:
                faults.append(Fault(need.name, "required"))
        except InvalidValue as error:
            faults.append(error.fault(need.name))
    if faults:
        raise Invalid(faults)
    return answers


def asked_limit(need: Need, answer: str, today: date, unit: LimitUnit | None = None) -> Limit:
    """Return the limit that an answer gives: so many of the need's unit (else of `unit`), or days until a date."""
    if need.kind is NeedKind.DATE:
        return Limit((date.fromisoformat(answer) - today).days, LimitUnit.DAY)
    return Limit(int(answer), need.unit or unit or LimitUnit.WORK_DAY)


def members(answer: str | None) -> tuple[str, ...]:
    """Return the units or photos that one answer names."""
    return tuple((answer or "").split())


def _checked_answer(need: Need, words: str, today: date) -> str:
    if len(words) > LONGEST_TEXT:
        raise InvalidValue("too-long", {"most": LONGEST_TEXT})
    if "\x00" in words:
        raise InvalidValue("unstorable-character")
    match need.kind:
        case NeedKind.CHOICE:
            if words not in dict(need.choices):
                raise InvalidValue(UNKNOWN)
        case NeedKind.NUMBER:
            return _number(need, words)
        case NeedKind.DATE:
            return _date(need, words, today)
        case NeedKind.UNITS | NeedKind.PHOTOS:
            return _members(need, words)
    return words


def _number(need: Need, words: str) -> str:
    most = min(need.most or LARGEST_NUMBER, LARGEST_NUMBER)
    if not words.isdecimal() or len(words) > 6 or not 1 <= int(words) <= most:
        raise InvalidValue("not-a-whole-number", {"most": most})
    return str(int(words))


def _date(need: Need, words: str, today: date) -> str:
    most = min(need.most or LONGEST_WAIT, LONGEST_WAIT)
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise InvalidValue("not-a-day") from None
    if not timedelta(0) < day - today <= timedelta(days=most):
        raise InvalidValue("not-ahead", {"most": most})
    return day.isoformat()


def _members(need: Need, words: str) -> str:
    named = tuple(dict.fromkeys(members(words)))
    most = min(need.most or MOST_MEMBERS, MOST_MEMBERS)
    if len(named) < need.least:
        raise InvalidValue("too-few", {"least": need.least})
    if len(named) > most:
        raise InvalidValue("too-many", {"most": most})
    if need.kind is NeedKind.PHOTOS and not all(_is_digest(one) for one in named):
        raise InvalidValue(UNKNOWN)
    return " ".join(named)


def _is_digest(words: str) -> bool:
    return len(words) == DIGEST and set(words) <= set("0123456789abcdef")


def facts_of(needs: Sequence[Need], answers: Mapping[str, str]) -> dict[str, str]:
    """Return what the case knows of itself from the answers on."""
    kinds = {need.name: need.kind for need in needs}
    told = (NeedKind.CATEGORY, NeedKind.CONDITION, NeedKind.DISTRICT)
    return {kinds[name].value: words for name, words in answers.items() if kinds[name] in told}


def split(needs: Sequence[Need], answers: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the answers that an event may hold, and the personal words that it may not."""
    texts = {need.name for need in needs if need.kind is NeedKind.TEXT}
    plain = {name: words for name, words in answers.items() if name not in texts}
    return plain, {name: words for name, words in answers.items() if name in texts}


def photos_given(needs: Sequence[Need], answers: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the digests of the photos among the answers, by need."""
    asked = [need.name for need in needs if need.kind is NeedKind.PHOTOS]
    return {name: members(answers[name]) for name in asked if name in answers}
