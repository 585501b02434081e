"""A refusal as a page or a fragment, also of what no row can store. Statuses: problems.py, words: sentences.py."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from cityloop.core.errors import Fault, Invalid, Locked, Refusal
from cityloop.presentation.failures import is_of_a_program
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.htmx import render_part
from cityloop.presentation.pages.sentences import heading, sentence
from cityloop.presentation.problems import retry_later, status_of, wait_until
from cityloop.runtime.clock import now


class ShowRefusals:
    """Show a refusal that a view raised; any other error is a bug and passes through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> HttpResponse | None:
        """Refuse NUL, which PostgreSQL cannot store nor look for, wherever it was sent; programs get a problem."""
        if "\0" in request.path:
            raise Http404
        if is_of_a_program(request):
            return None
        sent = [
            (name, value) for query in (request.GET, request.POST) for name, values in query.lists() for value in values
        ]
        faults = [Fault(name, "unstorable-character") for name, value in sent if "\0" in value]
        return show_refusal(request, Invalid(faults)) if faults else None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a Refusal with its page; None for everything else."""
        return show_refusal(request, error) if isinstance(error, Refusal) else None


def show_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Render the refusal with its own status."""
    context = {
        "heading": heading(refusal),
        "sentence": sentence(refusal),
        "faults": list(faults_of(refusal).values()),
        "code": refusal.code,
    }
    status = status_of(refusal)
    response = render_part(request, "refused", context, status=status)
    if isinstance(refusal, Locked):
        return wait_until(response, refusal, now())
    return retry_later(response) if status == 503 else response
