"""Faults in the files of a pack: by the path of a field, then with file and line, then with the pack's folder.

Their sentences are in core/sentences/packs.py.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from cityloop.core.errors import Fault
from cityloop.core.invalid_values import InvalidValue
from cityloop.core.sentences import Values
from cityloop.registry.words.limits import parse_limit

Where = tuple[str, ...]  # the path of a field in a YAML file
Reason = tuple[str, Values]  # a code of core.sentences, the values of its sentence
FieldFault = tuple[Where, str, Values]


def limit_fault(text: str) -> Reason | None:
    """Return what is wrong with a limit, None where nothing is."""
    try:
        parse_limit(text)
    except InvalidValue as error:
        return error.code, error.values
    return None


def in_folder(folder: Path, faults: Iterable[Fault]) -> list[Fault]:
    """Return faults with the pack's folder before the file: many packs have files of the same name."""
    return [replace(fault, field=f"{folder.name}/{fault.field.removeprefix(f'{folder}/')}") for fault in faults]
