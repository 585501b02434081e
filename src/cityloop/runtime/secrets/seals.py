"""Seals: keyed digests that bind a row to what CityLoop wrote. The key is not in the database.

Unlike a plain digest, a seal in the log does not let anybody try names or telephones until one fits.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from cityloop.core import chain
from cityloop.runtime.secrets.keys import key


def seal(values: Sequence[Any]) -> str:
    """Return the seal of values of plain JSON, hexadecimal; begin them with what they are, such as "account"."""
    content = json.dumps(list(values), sort_keys=True, ensure_ascii=False).encode()
    return chain.seal(key(settings.CITYLOOP.home_folder, "checkpoints"), content)
