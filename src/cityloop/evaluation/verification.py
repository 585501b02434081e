"""The check that the facts over which figures are counted are those recorded in the log. Nothing is repaired."""

from collections.abc import Iterator

from cityloop.core.errors import Refusal
from cityloop.evaluation.actions import STREAM, facts_folder
from cityloop.evaluation.facts.files import FactFolder, FactPart
from cityloop.evaluation.models import FactEdition
from cityloop.runtime.models import Event
from cityloop.runtime.verification import Finding


def findings() -> Iterator[Finding]:
    """Yield every edition that the city counts over and that is not as it was exported.

    Other files in the folder, such as those of an interrupted export, are not used.
    """
    folder = FactFolder(facts_folder())
    logged = set(Event.objects.filter(stream=STREAM).values_list("payload__digest", flat=True))
    proved: set[FactPart] = set()
    for row in FactEdition.objects.order_by("as_of"):
        if row.digest not in logged:
            yield Finding(f"facts/{row.name}", "the log does not have this edition")
        try:
            faults = [f"{fault.field}: {fault.reason}" for fault in folder.faults(folder.edition(row.digest), proved)]
        except Refusal as error:  # missing, or unreadable
            faults = [error.sentence]
        yield from (Finding(f"facts/{row.name}", fault) for fault in faults)
