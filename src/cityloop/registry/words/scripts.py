"""Traditional characters and variants with their simplified ones, as a table for str.translate.

core.gazetteer.addresses uses it. The table is made once a process from OpenCC's, character by character, in an eighth
of a second and one megabyte; OpenCC itself is then freed. Phrases are ignored: keys are compared, not read.
"""

from functools import lru_cache

from cityloop.core.gazetteer.addresses.words import Script

_CHINESE = (range(0x3400, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x2EBE1))


@lru_cache(maxsize=1)
def simplified() -> Script:
    """Return the simplified character of every character that has one."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    characters = [chr(code) for block in _CHINESE for code in block]
    converted = [convert(character) for character in characters]
    table = {
        character: new
        for character, new in zip(characters, converted, strict=True)
        if character != new and len(new) == 1
    }
    return {ord(character): _last(new, table) for character, new in table.items()}


def _last(character: str, table: dict[str, str]) -> str:
    """Return the final form of a character: some simplified characters have a simpler one."""
    seen = set()
    while character in table and character not in seen:
        seen.add(character)
        character = table[character]
    return character
