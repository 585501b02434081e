"""Reads YAML files that people write and checks them against a model; every fault names file, line and field.

The models, and what their fields mean, are in the packages that use them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cityloop.core.errors import Fault, Invalid
from cityloop.core.sentences import Values

Misfit = tuple[tuple[str, ...], str] | tuple[tuple[str, ...], str, Values]  # path of a field, code, values


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which only true and false are booleans: `on`, `no` and `y` stay strings."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


class Strict(BaseModel):
    """A part of a YAML file: unknown fields are refused, so that a mistyped name is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Text = TypeVar("Text", bound=Strict)
_CODES = {"missing": "required", "extra_forbidden": "unknown-field"}  # by pydantic's type of an error


def read_yaml(path: Path, shape: type[Text]) -> Text:
    """Return a YAML file as a model; raise Invalid naming file, line and field of everything that does not fit."""
    try:
        loader = PlainLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        content = loader.construct_document(node) if node else None
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid([Fault(str(path), "file-unreadable", {"error": str(error)})], code="pack") from error
    except (ValueError, yaml.YAMLError) as error:
        raise Invalid([Fault(str(path), "yaml-error", {"error": str(error)})], code="pack") from error
    if repeated := list(_repeated(node)):
        raise Invalid([Fault(f"{path.name}:{line} {name}", "field-repeated") for line, name in repeated], "pack")
    try:
        return shape.model_validate(content)
    except ValidationError as errors:
        misfits = [(tuple(map(str, error["loc"])), *model_fault(error)) for error in errors.errors()]
        raise Invalid(_located(path, misfits, _lines(node)), code="pack") from errors


def faults_at(path: Path, misfits: Iterable[Misfit]) -> list[Fault]:
    """Return faults that were found after a file was read, with their lines in it."""
    return _located(path, misfits, _lines(yaml.compose(path.read_text(encoding="utf-8"), Loader=PlainLoader)))


def model_fault(error: Any) -> tuple[str, Values]:
    """Return code and values of one of pydantic's errors."""
    if error["type"] in _CODES:
        return _CODES[error["type"]], {}
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, ValueError) and hasattr(cause, "code"):
        return error_fault(cause)
    return "shape-error", {"error": error["msg"].removeprefix("Value error, ").removesuffix(".")}


def error_fault(error: Exception) -> tuple[str, Values]:
    """Return code and values of an error's sentence; the sentence alone where the error has no code."""
    return getattr(error, "code", str(error)), getattr(error, "values", {})


def _located(path: Path, misfits: Iterable[Misfit], lines: Mapping[tuple[str, ...], int]) -> list[Fault]:
    return [
        Fault(f"{path.name}:{_line(lines, where)} {'.'.join(where)}", *code_and_values)
        for where, *code_and_values in misfits
    ]


def _repeated(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield the line and name of every field that its part has a second time: YAML itself would take the last one."""
    if isinstance(node, yaml.MappingNode):
        known = set()
        for name, value in node.value:
            if name.value in known:
                yield name.start_mark.line + 1, str(name.value)
            known.add(name.value)
            yield from _repeated(value)
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated(value)


def _line(lines: Mapping[tuple[str, ...], int], where: tuple[str, ...]) -> int:
    """Return the line of a field, or of the nearest part around it that is in the file."""
    while where and where not in lines:
        where = where[:-1]
    return lines.get(where, 1)


def _lines(node: yaml.Node | None, where: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """Return the line number of every field of a YAML document by its path."""
    if node is None:
        return {}
    lines = {where: node.start_mark.line + 1}
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            lines |= _lines(value, (*where, str(name.value)))
    if isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines |= _lines(value, (*where, str(number)))
    return lines
