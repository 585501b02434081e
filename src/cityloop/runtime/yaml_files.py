"""YAML files that people write: read plainly, checked against a shape, every fault told with file, line and field.

What the files mean is said by the shapes of others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from cityloop.core.errors import Fault, Invalid
from cityloop.core.sentences import Values


class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML in which only true and false are truth values: `on`, `no` and `y` stay the words they look like."""


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
PlainLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


class Strict(BaseModel):
    """A part of a pack: unknown fields are refused, so that a slip of the pen is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Text = TypeVar("Text", bound=Strict)


def read_yaml(path: Path, shape: type[Text]) -> Text:
    """Return what a YAML file says; raise Invalid naming file, line and field of everything that does not fit."""
    try:
        loader = PlainLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        content = loader.construct_document(node) if node else None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Invalid([Fault(str(path), str(error))], code="pack") from error
    if twice := list(_twice(node)):
        raise Invalid(
            [Fault(f"{path.name}:{line} {name}", "stands here a second time") for line, name in twice], "pack"
        )
    try:
        return shape.model_validate(content)
    except ValidationError as wrong:
        lines = _lines(node)
        raise Invalid([_fault(path, error, lines) for error in wrong.errors()], code="pack") from wrong


def faults_at(
    path: Path, faults: Iterable[tuple[tuple[str, ...], str] | tuple[tuple[str, ...], str, Values]]
) -> list[Fault]:
    """Return faults found later in a readable file, from (path of the field, code, values), with their lines."""
    lines = _lines(yaml.compose(path.read_text(encoding="utf-8"), Loader=PlainLoader))
    return [Fault(f"{path.name}:{_line(lines, where)} {'.'.join(where)}", *reason) for where, *reason in faults]


def _twice(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield the line and name of every field that its part has a second time: YAML itself would take the last one."""
    if isinstance(node, yaml.MappingNode):
        known = set()
        for name, value in node.value:
            if name.value in known:
                yield name.start_mark.line + 1, str(name.value)
            known.add(name.value)
            yield from _twice(value)
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _twice(value)


def _fault(path: Path, error: Any, lines: Mapping[tuple[str, ...], int]) -> Fault:
    where = tuple(str(step) for step in error["loc"])
    return Fault(f"{path.name}:{_line(lines, where)} {'.'.join(where)}", error["msg"])


def _line(lines: Mapping[tuple[str, ...], int], where: tuple[str, ...]) -> int:
    """Return the line of a field, or of the nearest part around it that stands in the file."""
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
