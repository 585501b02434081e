"""What names a class of problems: its catalogue, its kind and its code in one text that a case can keep for good.

A matter of the present national catalogue is named by its code alone, as everybody says it; any other class by kind
or by catalogue and kind before it: "06010", "component:01001", "GB/T 30428.2-2013:matter:0110".
"""

from typing import NamedTuple

from cityloop.core.invalid_values import InvalidValue

HOME = "GB/T 47678.5-2026"
KINDS = ("component", "matter")


class ClassKey(NamedTuple):
    """The key of a class; kind is part of it, because a component and a matter may share a code."""

    catalogue: str
    kind: str
    code: str

    @property
    def reference(self) -> str:
        """The one text that names the class."""
        if self.catalogue != HOME:
            return ":".join(self)
        return self.code if self.kind == "matter" else f"{self.kind}:{self.code}"


def class_key(reference: str) -> ClassKey:
    """Return the key that a reference names; ValueError where it names none."""
    *before, code = reference.rsplit(":", 2)
    catalogue, kind = [HOME, "matter"][: 2 - len(before)] + before
    if kind not in KINDS or not code:
        raise InvalidValue("not-a-class-reference", {"value": reference})
    return ClassKey(catalogue, kind, code)


def code_of(reference: str) -> str:
    """Return the bare code in a reference."""
    return reference.rpartition(":")[2]
