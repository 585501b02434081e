"""The facts that `cityloop appraise` counts from: an edition of the city's own, or of a folder; and names in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cityloop.core.errors import NotFound
from cityloop.entry.console.opening import opened
from cityloop.entry.console.options import tell
from cityloop.evaluation.facts.files import Edition, FactFolder
from cityloop.evaluation.facts.names import names_in
from cityloop.evaluation.facts.objects import OF_PERSONS, OF_POSTS, Naming, naming
from cityloop.evaluation.indicators.appraising import Appraisal
from cityloop.registry.packs.reading import Pack


@dataclass(frozen=True, slots=True)
class AppraisedFacts:
    """The facts to count from. `persons` returns names by account; only an open city knows them."""

    folder: FactFolder
    edition: Edition
    persons: Callable[[set[str]], Mapping[str, str]] = lambda accounts: {}


@contextmanager
def facts_of(home: Path | None, other: Path | None, edition: str | None) -> Iterator[AppraisedFacts]:
    """Yield the facts of the city, or of another folder without opening a city: of an edition, or the newest."""
    if other:
        folder = FactFolder(other)
        yield AppraisedFacts(folder, _edition(folder, edition))
        return
    with opened(home, tell):
        from cityloop.evaluation.actions import export_facts, facts_folder
        from cityloop.evaluation.answers.asked import latest_edition
        from cityloop.registry.people.accounts import account_names
        from cityloop.runtime import clock

        folder = FactFolder(facts_folder())
        if edition is None and latest_edition() is None:
            tell("This city has no facts yet: exporting them.")
            export_facts(clock.now(), tell)
        newest = latest_edition()  # of those that are recorded in the log
        yield AppraisedFacts(folder, _edition(folder, edition or (newest.digest if newest else None)), account_names)


def names_of(facts: AppraisedFacts, appraisal: Appraisal, packs: Iterable[Pack], language: str) -> Naming:
    """Return the names of objects: those in the facts, of posts those in packs, of persons those in the city."""
    accounts = {
        key[place] or ""
        for place, column in enumerate(appraisal.asking.by)
        if column in OF_PERSONS
        for key in appraisal.keys
    }
    persons = facts.persons(accounts)
    posts = {role.name: role.title[language] for pack in packs for role in pack.roles}
    further = {**dict.fromkeys(OF_PERSONS, persons), **dict.fromkeys(OF_POSTS, posts)}
    return naming({**names_in(facts.folder, facts.edition), **further}, language)


def _edition(folder: FactFolder, name: str | None) -> Edition:
    edition = folder.edition(name) if name else folder.latest()
    if edition is None:
        raise NotFound("no-facts-in-folder", {"folder": folder.path})
    return edition
