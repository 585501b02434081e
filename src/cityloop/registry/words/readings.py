"""The readings of Chinese words, for searching names: syllables without tones, every reading of a character.

They are calculated when names are saved, so that no web process loads the dictionary. registry/city/search.py matches
them.
"""

import os
import unicodedata


def readings(words: str) -> str:
    """Return the readings of each character, blanks between characters, commas between readings: "bao,pu la ji,jie".

    Letters and digits read as themselves; other characters have no reading and are left out.
    """
    # Phrases would add 45 MB to choose one reading; all of them are wanted.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    from pypinyin import Style, pinyin

    plain = unicodedata.normalize("NFKC", words).casefold()
    characters = (character for character in plain if character.isalnum())
    found = (pinyin(character, style=Style.NORMAL, heteronym=True)[0] for character in characters)
    return " ".join(",".join(dict.fromkeys(syllables)) for syllables in found)
