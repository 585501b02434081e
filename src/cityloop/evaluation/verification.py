"""The proof that the facts from which figures are counted are those that the log tells of. Nothing is mended."""

from collections.abc import Iterator

from cityloop.core.errors import Refusal
from cityloop.evaluation.actions import STREAM, facts_folder
from cityloop.evaluation.facts.files import FactFolder, FactPart
from cityloop.evaluation.models import FactEdition
from cityloop.runtime.models import Event
from cityloop.runtime.verification import Finding


def findings() -> Iterator[Finding]:
    """Yield every edition that the city counts over and that is not as it was exported.

    What else lies in the folder, such as an edition whose export was broken off, is counted over by nobody.
    """
    folder = FactFolder(facts_folder())
    told = set(Event.objects.filter(stream=STREAM).values_list("payload__digest", flat=True))
    proved: set[FactPart] = set()
    for row in FactEdition.objects.order_by("as_of"):
        if row.digest not in told:
            yield Finding(f"facts/{row.name}", "the log does not tell of this edition")
        try:
            faults = [f"{fault.field}: {fault.reason}" for fault in folder.faults(folder.edition(row.digest), proved)]
        except Refusal as error:  # it is missing, or cannot be read
            faults = [error.sentence]
        yield from (Finding(f"facts/{row.name}", fault) for fault in faults)
