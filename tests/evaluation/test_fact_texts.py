"""A pack's facts.yaml: it is read, and every error in it has file, line and field."""

from pathlib import Path

import pytest

from cityloop.core.errors import Invalid
from cityloop.evaluation.facts.meanings import Happened, Linked, Moment, OfTask, SourceMeaning
from cityloop.evaluation.facts.texts import FactBook, read_book, read_books
from cityloop.registry.packs.reading import read_all

PROCEDURES = [procedure for pack in read_all() for procedure in pack.procedures]


def read(folder: Path, words: str) -> FactBook:
    (folder / "facts.yaml").write_text(words, encoding="utf-8")
    return read_book(folder, PROCEDURES)


def test_rules_and_sources_are_read_and_a_version_may_differ(tmp_path: Path) -> None:
    book = read(
        tmp_path,
        """
sources:
  "1999": {kind: public, title: {zh: 市民热线, en: Hotline}}
procedures:
  city-problem:
    cases:
      verified_at: {last: [ReportVerified], undone_by: [ReportNotVerified]}
      is_exempt: {linked: score-appeal, closed_in: [granted]}
    tasks:
      returned_at: {kind: handle, last: [ReturnUpheld]}
    versions:
      1: {handling: [handle], tasks: {returned_at: {kind: handle, last: [CaseReturned]}}}
""",
    )
    assert book.sources == {"1999": SourceMeaning("public", {"zh": "市民热线", "en": "Hotline"})}
    newest, first = book.meanings["city-problem", 3], book.meanings["city-problem", 1]
    assert newest.cases["verified_at"] == Moment(("ReportVerified",), undone_by=("ReportNotVerified",))
    assert newest.cases["is_exempt"] == Linked("score-appeal", ("granted",))
    assert (newest.tasks["returned_at"], newest.handling) == (OfTask("handle", ("ReturnUpheld",)), ())
    assert (first.tasks["returned_at"], first.handling) == (OfTask("handle", ("CaseReturned",)), ("handle",))


@pytest.mark.parametrize(
    ("words", "field", "code"),
    [
        ("cases: {accepted_at: {last: [CaseAcepted]}}", "cases.accepted_at.last.0", "facts-unknown-event"),
        ("cases: {closed_at: {last: [CaseClosed]}}", "cases.closed_at", "facts-not-a-column"),
        ("tasks: {done_at: {kind: handle, last: [CaseHandled]}}", "tasks.done_at", "facts-not-a-column"),
        (
            "cases: {accepted_at: {times: [CaseAccepted]}}",
            "cases.accepted_at",
            "facts-one-rule",
        ),
        ("cases: {dispatches: {}}", "cases.dispatches", "facts-one-rule"),
        (
            "cases: {accepted_at: {first: [CaseAccepted], last: [CaseAccepted]}}",
            "cases.accepted_at",
            "facts-one-rule",
        ),
        ("cases: {filing_due_at: {due: fiile}}", "cases.filing_due_at.due", "facts-unknown-task"),
        ("cases: {refusal: {answer: reason}}", "cases.refusal.of", "required"),
        (
            "cases: {dispatches: {times: [CaseFiled], undone_by: [CaseFiled]}}",
            "cases.dispatches.undone_by",
            "facts-other-rule",
        ),
        ("cases: {is_exempt: {linked: appeal, closed_in: [x]}}", "cases.is_exempt.linked", "facts-unknown-procedure"),
        (
            "cases: {is_exempt: {linked: score-appeal, closed_in: [agreed]}}",
            "cases.is_exempt.closed_in.0",
            "facts-unknown-stage",
        ),
        (
            "tasks: {sent_to: {kind: dispatched, by: [CaseDispatched]}}",
            "tasks.sent_to.kind",
            "facts-unknown-task",
        ),
        (
            "tasks: {sent_to: {kind: dispatch, last: [CaseDispatched]}}",
            "tasks.sent_to",
            "facts-one-rule",
        ),
        ("handling: [handel]", "handling.0", "facts-unknown-task"),
        ("versions: {9: {handling: [handle]}}", "versions.9", "facts-unknown-version"),
    ],
)
def test_every_error_has_its_line_and_field(tmp_path: Path, words: str, field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(tmp_path, f"procedures:\n  city-problem:\n    {words}\n")
    (fault,) = refused.value.faults
    assert fault.field == f"facts.yaml:3 procedures.city-problem.{field}"
    assert fault.code == code


def test_an_unknown_procedure_or_kind_of_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        read(tmp_path, "procedures:\n  city-problems: {}\n")
    assert [fault.field for fault in refused.value.faults] == ["facts.yaml:2 procedures.city-problems"]
    with pytest.raises(Invalid) as refused:
        read(tmp_path, "sources:\n  a: {kind: rumour, title: {zh: 传闻, en: Rumour}}\n")
    assert [fault.field for fault in refused.value.faults] == ["facts.yaml:2 sources.a.kind"]


def test_a_citys_own_pack_overrides_a_shipped_one_and_faults_name_the_pack(tmp_path: Path) -> None:
    ours, own = tmp_path / "ours", tmp_path / "own"
    for folder, kind in ((ours, "other"), (own, "public")):
        folder.mkdir()
        (folder / "facts.yaml").write_text(f"sources:\n  a: {{kind: {kind}, title: {{zh: 甲, en: A}}}}\n")
    assert read_books([ours, own, tmp_path], PROCEDURES).sources["a"].kind == "public"
    (own / "facts.yaml").write_text("procedures: {x: {}}\n")
    with pytest.raises(Invalid) as refused:
        read_books([ours, own], PROCEDURES)
    assert refused.value.faults[0].field == "own/facts.yaml:1 procedures.x"


def test_the_shipped_packs_are_read() -> None:
    packs = read_all()
    book = read_books([pack.folder for pack in packs], PROCEDURES)
    assert {"patrol", "desk", "linked"} <= set(book.sources)
    assert book.meanings["city-problem", 2].cases["is_self_handled"] == Happened(
        ("HandledOnTheSpot",), ("OnTheSpotDoubted", "CaseReopened")
    )
