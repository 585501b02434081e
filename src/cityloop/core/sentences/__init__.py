"""The English sentence of every fault and refusal, by code. Screens translate it, with its values, when it is shown.

A sentence is complete and has its values as %(name)s. There is one file for each part of the house, and two for codes
that all of it uses: fields.py for what is wrong with a field, refusals.py for what cannot be done.
"""

from collections.abc import Mapping

from cityloop.core.sentences.cases import CASES
from cityloop.core.sentences.city import CITY
from cityloop.core.sentences.console import CONSOLE
from cityloop.core.sentences.engine import ENGINE
from cityloop.core.sentences.fields import FIELDS
from cityloop.core.sentences.figures import FIGURES
from cityloop.core.sentences.packs import PACKS
from cityloop.core.sentences.refusals import REFUSALS
from cityloop.core.sentences.screens import SCREENS
from cityloop.core.sentences.system import SYSTEM
from cityloop.core.sentences.tables import TABLES

Values = Mapping[str, object]

SENTENCE_TABLES = (FIELDS, REFUSALS, ENGINE, SYSTEM, CITY, PACKS, CASES, TABLES, FIGURES, SCREENS, CONSOLE)
SENTENCES: Mapping[str, str] = {code: sentence for table in SENTENCE_TABLES for code, sentence in table.items()}


def english(code: str, values: Values) -> str:
    """Return the sentence of a code with its values; the code itself where no sentence is declared."""
    return SENTENCES[code] % values if code in SENTENCES else code
