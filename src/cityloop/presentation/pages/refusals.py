"""A refusal as a page or a fragment. Its HTTP status is in problems.py, its words are in sentences.py."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from cityloop.core.errors import Refusal
from cityloop.presentation.pages.fields import faults_of
from cityloop.presentation.pages.htmx import render_part
from cityloop.presentation.pages.sentences import heading, sentence
from cityloop.presentation.problems import retry_later, status_of


class ShowRefusals:
    """Show a refusal that a view raised; any other error is a bug and passes through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

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
    return retry_later(response) if status == 503 else response
