"""Traditional characters and variants to simplified ones, as a table for str.translate. Addresses are read in core.

The table is made once a process from OpenCC's, sign by sign, in an eighth of a second and one megabyte; OpenCC itself
is let go again. Phrases are not looked at: keys are compared, not read.
"""

from functools import lru_cache

from cityloop.core.gazetteer.addresses.words import Script

_CHINESE = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x2EBE1))


@lru_cache(maxsize=1)
def simplified() -> Script:
    """Return every character that has a simplified one, with it."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    signs = [chr(code) for block in _CHINESE for code in block]
    converted = [convert(sign) for sign in signs]
    table = {sign: new for sign, new in zip(signs, converted, strict=True) if sign != new and len(new) == 1}
    return {ord(sign): _last(new, table) for sign, new in table.items()}


def _last(sign: str, table: dict[str, str]) -> str:
    """Return what a sign ends as: some simplified signs have a simpler one still."""
    seen = set()
    while sign in table and sign not in seen:
        seen.add(sign)
        sign = table[sign]
    return sign
