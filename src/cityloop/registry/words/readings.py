"""How Chinese words may be read: their syllables without tones, every reading of a sign, to search names by.

Reckoned when names are entered, so that no web process holds the dictionary; matching is done in class_search.py.
"""

import os
import unicodedata


def readings(words: str) -> str:
    """Return the readings of each sign, a blank between signs and a comma between readings: "bao,pu la ji,jie".

    Letters and digits read as themselves; other signs have no reading and are left out.
    """
    # Phrases would add 45 MB to tell which reading is meant; all of them are wanted.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import Style, pinyin

    plain = unicodedata.normalize("NFKC", words).casefold()
    signs = (sign for sign in plain if sign.isalnum())
    found = (pinyin(sign, style=Style.NORMAL, heteronym=True)[0] for sign in signs)
    return " ".join(",".join(dict.fromkeys(one)) for one in found)
