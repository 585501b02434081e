"""Ids of facilities (标识码): parsed, written, converted to the present list. Nothing is looked up.

GB/T 47678.5-2026: 17 digits, area 6, class 5 (2 + 3), serial 6. GB/T 30428.2-2013 and CJ/T 214-2007: 16 digits, area
6, class 4 (2 + 2), serial 6.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from cityloop.core.codes.classes import HOME
from cityloop.core.codes.form import checked
from cityloop.core.errors import Fault
from cityloop.core.invalid_values import InvalidValue

AREA, SERIAL = 6, 6  # digits
CLASS = {17: 5, 16: 4}  # by the length of an id, the digits of its class
FORMER = "GB/T 30428.2-2013"  # the catalogue of ids of 16 digits, unless a city names another
_TIDY = str.maketrans("０１２３４５６７８９　", "0123456789 ")
_SHORTENED = re.compile(r"\d([.．]\d+)?[eE][+＋]?\d{2,3}")


@dataclass(frozen=True, slots=True)
class FacilityCode:
    """A parsed id; all parts are text, because leading zeros matter."""

    area: str
    class_code: str
    serial: str

    def __str__(self) -> str:
        return f"{self.area}{self.class_code}{self.serial}"

    @property
    def catalogue(self) -> str:
        """The catalogue that an id of this length belongs to."""
        return HOME if len(self.class_code) == CLASS[17] else FORMER


def tidy(words: str) -> str:
    """Return an id with half-width digits and no blanks; InvalidValue if a spreadsheet has shortened it."""
    plain = re.sub(r"\s+", "", words.translate(_TIDY))
    if _SHORTENED.fullmatch(plain):
        raise InvalidValue("shortened-by-spreadsheet")
    return plain


def foreign(words: str) -> str:
    """Return an id in a city's own format; InvalidValue if no code may be so."""
    return checked(tidy(words))


def parse(words: str) -> FacilityCode:
    """Return the parsed id; InvalidValue if it is not one."""
    code = tidy(words)
    if invalid := "".join(dict.fromkeys(character for character in code if character not in "0123456789")):
        raise InvalidValue("id-not-digits", {"characters": invalid})
    if len(code) not in CLASS:
        raise InvalidValue("id-digit-count", {"count": len(code)})
    found = FacilityCode(code[:AREA], code[AREA:-SERIAL], code[-SERIAL:])
    if not int(found.serial):
        raise InvalidValue("id-serial-zero")
    return found


def doubts(code: FacilityCode, classes: Collection[str], district: str | None) -> list[Fault]:
    """Return the doubts about an id of the right form, given the known classes and the district it lies in.

    The district is None if not known; one whose code is not of the national form raises no doubt.
    """
    found = []
    if code.class_code not in classes:
        found.append(Fault("code", "id-class-unknown", {"code": code.class_code}))
    if district and len(district) == AREA and district != code.area:
        found.append(Fault("code", "id-other-district", {"district": district, "area": code.area}))
    return found


def upgraded(code: FacilityCode, successors: Mapping[str, Sequence[str]]) -> FacilityCode:
    """Return the id of 17 digits for one of 16, its class converted by a crosswalk, area and serial kept.

    InvalidValue if the class has no successor or several: the number alone does not decide.
    """
    if len(code.class_code) == CLASS[17]:
        return code
    found = successors.get(code.class_code, ())
    if not found:
        raise InvalidValue("id-class-without-successor", {"code": code.class_code})
    if len(found) > 1:
        raise InvalidValue("id-class-with-successors", {"code": code.class_code, "codes": ", ".join(found)})
    return FacilityCode(code.area, found[0], code.serial)
