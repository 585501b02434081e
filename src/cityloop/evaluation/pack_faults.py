"""Errors in the files of a pack, before their lines are known. Parsing the files is in runtime/yaml_files.py."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cityloop.core.errors import Fault
from cityloop.core.sentences import Values
from cityloop.runtime.yaml_files import faults_at

FieldPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One error: the path of the field, a code of core.sentences, the values of its sentence."""

    path: FieldPath
    code: str
    values: Values = field(default_factory=dict)


def located(file: Path, faults: Sequence[FieldFault]) -> list[Fault]:
    """Return the errors of a file, each with file, line and field."""
    places = faults_at(file, [(fault.path, fault.code) for fault in faults])
    return [replace(place, values=fault.values) for place, fault in zip(places, faults, strict=True)]
