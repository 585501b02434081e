"""The unified social credit code of a unit (统一社会信用代码): whether a code is valid. Nothing is looked up.

18 characters; the last is a check over the others. GB 32100-2015, appendix A.
"""

from cityloop.core.errors import Fault

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
LENGTH = 18


def check_character(body: str) -> str:
    """Return the last character of a code whose first 17 are given."""
    total = sum(CHARACTERS.index(character) * pow(3, index, 31) for index, character in enumerate(body))
    return CHARACTERS[-total % 31]


def fault(code: str) -> Fault | None:
    """Return what is wrong with a code, None if it is valid."""
    if len(code) != LENGTH:
        return Fault("credit_code", "credit-code-length", {"value": code, "count": len(code)})
    if invalid := sorted(set(code) - set(CHARACTERS)):
        return Fault("credit_code", "credit-code-character", {"value": code, "character": invalid[0]})
    if code[-1] != check_character(code[:-1]):
        return Fault("credit_code", "not-a-credit-code", {"value": code})
    return None
