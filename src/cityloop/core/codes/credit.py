"""The unified social credit code of a unit (统一社会信用代码): whether it is one. Nothing is looked up.

18 signs; the last is a check over the others. GB 32100-2015, appendix A.
"""

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
LENGTH = 18


def check_sign(body: str) -> str:
    """Return the last sign of a code whose first 17 are given."""
    total = sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return SIGNS[-total % 31]


def fault(code: str) -> str | None:
    """Return what is wrong with a code, None where nothing is."""
    if len(code) != LENGTH:
        return f"has {len(code)} signs; a unified social credit code has {LENGTH}"
    if wrong := sorted(set(code) - set(SIGNS)):
        return f"holds {wrong[0]}, which a unified social credit code never does (no I, O, S, V, Z, small letters)"
    right = check_sign(code[:-1])
    return None if code[-1] == right else "its last sign does not fit the others: one is mistyped"
