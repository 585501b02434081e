"""The figures of a screen as a workbook, with the current names of the city. Only workers write workbooks."""

from base64 import b64encode
from collections.abc import Mapping

from cityloop.core.codes.classes import ClassKey
from cityloop.evaluation.facts.objects import OF_AREAS, OF_PERSONS, OF_POSTS, OF_UNITS, naming
from cityloop.evaluation.indicators.appraising import Appraisal
from cityloop.evaluation.indicators.books import sources
from cityloop.evaluation.indicators.texts import IndicatorBook
from cityloop.evaluation.sheets.appraisal import workbook
from cityloop.registry.city.city import City
from cityloop.registry.city.current import current_city
from cityloop.registry.people.accounts import account_names


def sheet(appraisal: Appraisal, book: IndicatorBook, language: str) -> dict[str, str]:
    """Return the workbook of figures in the form that an answer is kept in."""
    names = naming(_names(appraisal, current_city(), language), language)
    return {"xlsx": b64encode(workbook(appraisal, book, names, language)).decode()}


def _names(appraisal: Appraisal, city: City, language: str) -> Mapping[str, Mapping[str, str]]:
    areas = {code: area.name for code, area in city.areas.items()}
    units = {code: unit.name for code, unit in city.units.items()}
    roles = {name: role.title[language] for name, role in city.roles.items()}
    return {
        **dict.fromkeys(OF_AREAS, areas),
        **dict.fromkeys(OF_UNITS, units),
        **dict.fromkeys(OF_POSTS, roles),
        **dict.fromkeys(OF_PERSONS, _persons(appraisal)),
        "source": {code: source.title[language] for code, source in sources().items()},
        "category": _classes(appraisal, city),
    }


def _persons(appraisal: Appraisal) -> dict[str, str]:
    return account_names({value for key in appraisal.keys for value in key if value})


def _classes(appraisal: Appraisal, city: City) -> dict[str, str]:
    """Return the names of classes by code; only where figures are grouped by catalogue and kind too, to be unique."""
    columns = ("catalogue", "category_kind", "category")
    if appraisal.asking.by != columns:
        return {}
    references = {key[2] or "": ClassKey(*(value or "" for value in key)).reference for key in appraisal.keys}
    return {code: city.classes[known].name for code, known in references.items() if known in city.classes}
