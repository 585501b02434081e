"""Why a worker could not count an answer, as the row keeps it: codes and values, so that screens translate it late."""

import json

from cityloop.core.errors import Fault, Invalid, Refusal


def failure_text(error: Refusal) -> str:
    """Return a refusal as the text that a row keeps."""
    faults = error.faults if isinstance(error, Invalid) else (Fault("", error.code, error.values),)
    return json.dumps([[fault.code, dict(fault.values)] for fault in faults], ensure_ascii=False)


def read_failure(text: str) -> tuple[Fault, ...]:
    """Return the errors in such a text; a row of a former version has an English sentence, which becomes the code."""
    try:
        return tuple(Fault("", code, values) for code, values in json.loads(text))
    except ValueError:
        return (Fault("", text),)
