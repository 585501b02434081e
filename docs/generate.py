"""Generates the reference pages from code and data: settings, commands, events, facts, indicators, procedures, systems.

`python docs/generate.py` writes them; with `--check` it changes nothing and fails when a committed page is out of date.
Pages written by hand are not touched.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
from django.conf import settings as django_settings
from django.utils.translation import override

import house
from cityloop.core.errors import Invalid
from cityloop.core.procedures.procedure import Procedure, Words
from cityloop.core.procedures.transitions import stage_graph
from cityloop.entry.command_line import main as commands
from cityloop.evaluation.facts.relations import RELATIONS
from cityloop.evaluation.indicators.texts import FILE as INDICATORS
from cityloop.evaluation.indicators.texts import IndicatorBook, read_book
from cityloop.presentation.settings.procedures.page import ActionRow, ProcedurePage
from cityloop.presentation.settings.procedures.page import procedure_page as described
from cityloop.presentation.settings.procedures.words import Vocabulary
from cityloop.registry.packs.reading import SHIPPED, read_all
from cityloop.runtime.configuration import Configuration, variable
from systems import Group, System, read_systems

DOCS = Path(__file__).resolve().parent
SOURCE = DOCS.parent / "src" / "cityloop"
PROCEDURES = DOCS / "reference" / "procedures"
NOTE = "<!-- Written by docs/generate.py; change the code it is made from instead. -->\n\n"
DATA_NOTE = "<!-- Written by docs/generate.py from systems.yaml; change that instead. -->\n\n"

ACTION_HEAD = ("Action and event", "Title", "Who, on what", "Asks for", "Only if", "What follows")
SYSTEM_HEAD = ("Id", "System", "State", "What works", "Packs", "Pages", "Scenario tests", "Manual")
SYSTEMS_INTRO = """The systems that CityLoop is to contain, and how far each one is today.

- **works**: people can do everything that belongs to the system on their own pages, and a scenario test shows it.
- **in part**: some of it works, and a scenario test shows that. The table says what works and what is missing.
- **not yet**: nobody can use it.

"""
SEPARATION = (
    "Whoever acted on a task of the part Handling, and every colleague of a unit that held one, may not act on a task "
    "of the part Judging.\n"
)

# The form that FactFolder and digest_of write; tests/evaluation/test_fact_files.py implements it independently.
CANONICAL_ROWS = """## Digests

Facts are stored in *parts*: some rows of one relation, in `parts/RELATION/DIGEST.parquet`. The digest is the SHA-256,
in hexadecimal, of the part's **canonical rows**, so that it does not depend on how Parquet was written:

- The rows are sorted by the relation's key, column by column; texts by their bytes in UTF-8.
- They are written as CSV in UTF-8: a first line with the names of the columns in the order below, then a line for each
  row; values are joined by `,` and every line ends with `\\n` alone.
- An empty value is written as nothing. Every other value, and every name, is enclosed in `"`; a `"` in it is doubled.
- A *text* is written as it is, an *integer* in decimal digits, a *bool* as `true` or `false`, a *moment* as
  `YYYY-MM-DD HH:MM:SS.ffffff`, a *date* as `YYYY-MM-DD`, a *decimal* with 7 digits after the point and no exponent.

An *edition*, `editions/MOMENT.json`, lists the parts that the facts consisted of at a moment. Its digest is the SHA-256
of one line of JSON without blanks, with its keys in alphabetical order: `as_of` (the moment as in its name), `parts` (a
list of `[relation, number, rows, digest]`, in the order of the file) and `zone`, as in
`{"as_of":"20261122T083000Z","parts":[["sources",0,2,"ab…"]],"zone":"Asia/Shanghai"}`.
"""

# The meaning of events that no procedure declares. An event missing here, or no longer in the code, is an error.
MEANINGS = {
    "AccountAppointed": ("account/…", "An account was given a post: role, unit, area."),
    "AccountChanged": (
        "account/…",
        "An account was given another name or telephone; the payload says which of them, not the new value.",
    ),
    "AccountCreated": ("account/…", "An account was made, for a person or for a connected system."),
    "AccountEnded": ("account/…", "An account was ended: nobody signs in or reports with it any more."),
    "AddressLocked": ("sign-in", "An address was locked after very many failed sign-ins, of whichever names."),
    "AddressUnlocked": ("sign-in", "An operator lifted the lock of an address."),
    "AccountReopened": ("account/…", "An ended account may be used again."),
    "AppointmentEnded": ("account/…", "A post of an account was ended: role, unit, area."),
    "AreaChanged": ("registry", "An area was given another name, grade or other days by hand."),
    "AreasSet": ("registry", "Areas were entered, given new names, polygons or parents, or ended."),
    "CalendarAdopted": (
        "registry",
        "Another working calendar is in force, under the number given; the payload lists the days that changed.",
    ),
    "CataloguesSet": ("registry", "A catalogue was put into use for new cases, or out of use."),
    "ChangesUndone": ("registry", "An earlier change of the city's data, whose number is given, was undone."),
    "CityRestored": (
        "log",
        "The city was restored from a backup made at the moment given: later changes are not in it.",
    ),
    "ClassesSet": ("registry", "A class was given other limits, or a class of the city's own was entered."),
    "ConditionsSet": ("registry", "Conditions for filing were entered, changed or removed."),
    "DaysDeclared": ("registry", "The city made days its own days off or working days."),
    "DaysWithdrawn": ("registry", "Days that the city had declared are again what the nation and the packs say."),
    "DeadlinesMoved": (
        "case/…",
        "A changed working calendar moved due moments of the case; the payload has each with the days that moved it.",
    ),
    "DutiesSet": ("registry", "Duties were entered or changed: which unit handles which problems where."),
    "FacilitiesSet": ("registry", "Facilities of a census were entered or changed; an import of many is one change."),
    "FacilityChanged": ("registry", "A facility was given another state, other units or another remark by hand."),
    "FactsExported": (
        "facts",
        "Facts were exported; the payload has the name, the moment and the digest of the edition.",
    ),
    "KeysNoted": ("city", "The fingerprint of the city's keys was noted, so that no other home serves this database."),
    "LimitPassed": ("case/…", "The limit of an open task passed before the task was done."),
    "LinkedCaseClosed": (
        "case/…",
        "A case that this one began, or was begun from, was closed; the payload has the stage it was closed in.",
    ),
    "LogSealed": ("log", "Checkpoints were written, the last of them with the number given."),
    "PacksTakenUp": ("registry", "Packs brought a new or changed catalogue or limits."),
    "PackNoted": ("registry", "A pack was taken up; the payload has the seal of what is kept of it."),
    "PasswordRehashed": ("account/…", "A password was hashed again, by a stronger method, when its person signed in."),
    "PasswordSet": ("account/…", "An account was given a new password."),
    "PlacesLearned": (
        "registry",
        "The gazetteer learned places of roads and numbers from cases; `until` is when the last of them was closed.",
    ),
    "PlacesSet": ("registry", "Entries of the gazetteer were entered, changed or removed."),
    "RecoveryCodesRenewed": ("account/…", "A person made new recovery codes; the former ones are no longer accepted."),
    "RecoveryCodeUsed": ("account/…", "A person signed in with a recovery code, which is not accepted again."),
    "ReporterRevealed": ("case/…", "Somebody had the reporter's name and telephone shown in clear."),
    "RosterSet": ("registry", "Shifts were entered or taken off the roster."),
    "SecondFactorAdded": ("account/…", "A person set up a second factor: codes of an app, and recovery codes."),
    "SecondFactorRemoved": ("account/…", "The second factor of an account was removed, by its person or for it."),
    "SessionsEnded": ("account/…", "Sessions of an account were ended before their time; the payload has how many."),
    "SignInLocked": (
        "account/…",
        "Sign-in was locked for some minutes after failed attempts: at one address, or everywhere.",
    ),
    "SignInUnlocked": ("account/…", "Somebody lifted the lock of an account's sign-in."),
    "SignInSecretMade": ("account/…", "A link was made by which a person sets a password, once."),
    "TelephoneShown": ("account/…", "Somebody had a person's telephone shown in clear."),
    "TimerPassed": ("case/…", "A share of a limit was used, and the action planned for that moment could not be done."),
    "TokenMade": ("account/…", "A bearer token was made; the payload has its digest."),
    "TokensRevoked": ("account/…", "Every bearer token of an account was revoked."),
    "UnitsSet": ("registry", "Units were entered or renamed."),
    "WordsErased": ("case/…", "The personal words of a case were erased permanently; the history stays valid."),
}


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    found = {
        DOCS / "reference" / "settings.md": settings(),
        DOCS / "reference" / "commands.md": command_pages(),
        DOCS / "reference" / "events.md": events(),
        DOCS / "reference" / "facts.md": facts(),
        DOCS / "reference" / "indicators.md": indicators(),
        DOCS / "reference" / "systems.md": systems(),
    }
    found[PROCEDURES / "README.md"] = procedure_index()
    for procedure in _procedures():
        found[PROCEDURES / _page_name(procedure)] = procedure_page(procedure)
    return found | {DOCS / path: picture for path, picture in house.pictures()}


def settings() -> str:
    """Return the page of settings."""
    rows = [
        (f"`{variable(each.name)}`", f"`{each.default}`" if each.default else "", each.metadata["meaning"])
        for each in fields(Configuration)
    ]
    intro = (
        "Settings come from the environment only. An invalid one is reported at the start, by name and with the reason."
        "\n\n"
    )
    return "# Settings\n\n" + NOTE + intro + _table(("Variable", "Default", "Meaning"), rows)


def command_pages() -> str:
    """Return the page of commands."""
    intro = "Exit codes: 0 done, 1 refused (with the reason; nothing changed), 2 wrong usage.\n"
    return "# Commands\n\n" + NOTE + intro + "".join(_command(commands, ["cityloop"]))


def events() -> str:
    """Return the page of events."""
    recorded = set(_recorded())
    if recorded != set(MEANINGS):
        odd = ", ".join(sorted(recorded ^ set(MEANINGS)))
        raise SystemExit(f"docs/generate.py and the code disagree about these events: {odd}")
    intro = (
        "Every write is an event in `runtime_event`: stream, number in the stream, name, actor, moment, payload, and "
        "the hash that chains it to the event before it in its stream. Names are in the past tense.\n\n"
    )
    declared = [
        (f"`{name}`", f"`{procedure.name}`", f"{title['zh']} — {title['en']}", stages)
        for procedure in _procedures()
        for name, title, stages in _declared(procedure)
    ]
    others = [(f"`{name}`", f"`{stream}`", meaning) for name, (stream, meaning) in sorted(MEANINGS.items())]
    return (
        "# Events\n\n" + NOTE + intro + "## Of cases, declared by a procedure (stream `case/…`)\n\n"
        ""
        + _table(("Event", "Procedure", "Action", "Stage after it"), list(dict.fromkeys(declared)))
        + "\n## Others\n\n"
        "" + _table(("Event", "Stream", "What happened"), others)
    )


def facts() -> str:
    """Return the page of the relations that figures are counted over."""
    sections = []
    for relation in RELATIONS.values():
        rows = []
        for column in relation.columns:
            key = " (key)" if column.name in relation.key else ""
            rows.append((f"`{column.name}`{key}", column.type, "yes" if column.groups else "", column.meaning))
        kind = "" if relation.is_fact else " It only describes; nothing is counted over it."
        head = ("Column", "Type", "Tells figures apart", "Meaning")
        sections.append(f"\n## {relation.name}\n\n{relation.meaning}{kind}\n\n" + _table(head, rows))
    intro = (
        "What figures are counted over, as published. A *moment* is in UTC and has no zone, a *date* is a day of the "
        "city's own time zone, a *decimal* has 10 digits, 7 of them after the point; there are no floats. Every column "
        "but those of the key may be empty. Indicators are written in [their own language](indicator-language.md); how "
        "to get the files is described in [Export facts](../how-to/export-facts.md).\n\n"
    )
    return "# Facts\n\n" + NOTE + intro + CANONICAL_ROWS + "".join(sections)


def indicators() -> str:
    """Return the page of the indicators that packs ship."""
    intro = (
        "Counts and ratios of the packs, as their `indicators.yaml` has them. *Basis* says whether a formula is that "
        "of an implementation of the standard, or the usual reading. If there was nothing to count, — is shown. How to "
        "write others: [the language of indicators](indicator-language.md).\n"
    )
    books = [(path.parent.name, read_book(path.parent)) for path in sorted(SHIPPED.glob(f"*/{INDICATORS}"))]
    return "# Indicators\n\n" + NOTE + intro + "".join(_indicators(name, book) for name, book in books)


def _indicators(pack: str, book: IndicatorBook) -> str:
    rows = []
    for indicator in book.indicators.values():
        variants = [indicator, *(indicator.chosen(name) for name in indicator.variants)]
        names = [
            f"`{indicator.code}`",
            *(f"`{name}`: {_both(each.title)}" for name, each in indicator.variants.items()),
        ]
        rows.append(
            (
                "<br>".join(names),
                _both(indicator.title),
                "<br>".join(f"{book.formula(each, 'zh')}<br>{book.formula(each, 'en')}" for each in variants),
                ", ".join(indicator.subjects),
                indicator.better,
                indicator.basis,
            )
        )
    head = ("Indicator and variants", "Title", "How it is calculated", "About", "Better", "Basis")
    return f"\n## {pack}: {book.standard}\n\n" + _table(head, rows)


def systems() -> str:
    """Return the page of the systems and their states."""
    try:
        table = read_systems()
    except Invalid as error:
        raise SystemExit(error.sentence) from error
    states = Counter(system.state for system in table.all())
    summary = (
        f"Of {states.total()} systems, {states['works']} work, {states['in part']} work in part and "
        f"{states['not yet']} do not work yet.\n"
    )
    return "# Systems 系统一览\n\n" + DATA_NOTE + SYSTEMS_INTRO + summary + "".join(map(_systems, table.groups))


def _systems(group: Group) -> str:
    rows = [_system(system) for system in group.systems]
    columns = len(SYSTEM_HEAD) if any(system.state != "not yet" for system in group.systems) else 3
    title = f"\n## {group.title.en} {group.title.zh}\n\n"
    return title + _table(SYSTEM_HEAD[:columns], [row[:columns] for row in rows])


def _system(system: System) -> tuple[str, ...]:
    missing = f"<br>*Missing:* {system.missing}" if system.missing else ""
    return (
        system.id,
        f"{system.title.zh}<br>{system.title.en}",
        system.state,
        system.works + missing,
        "<br>".join(f"[{name}](../../src/cityloop/packs/{name}/)" for name in system.packs),
        "<br>".join(f"`{address}`" for address in system.pages),
        "<br>".join(f"[{name}](../../tests/scenarios/{name})" for name in system.scenarios),
        "<br>".join(f"[{name}](../manual/{name})" for name in system.manual),
    )


def procedure_index() -> str:
    """Return the page that links to every version of every procedure."""
    rows = [
        (
            f"[{procedure.title['zh']} · {procedure.title['en']}]({_page_name(procedure)})",
            str(procedure.version),
            str(len(procedure.stages)),
            _kinds(procedure),
        )
        for procedure in _procedures()
    ]
    intro = "New cases begin with the newest version; a case keeps the version it began with.\n\n"
    return "# Procedures\n\n" + NOTE + intro + _table(("Procedure", "Version", "Stages", "Kinds of task"), rows)


def procedure_page(procedure: Procedure) -> str:
    """Return the page of one version of a procedure: its diagram, its tasks, its actions, its documents."""
    page = described(procedure, _vocabulary())
    title = f"# {procedure.title['zh']} · {procedure.title['en']}, version {procedure.version}\n\n"
    tasks = [(f"`{t.name}`", t.title, t.holder, t.part, t.limit, "<br>".join(t.timers)) for t in page.tasks]
    documents = [
        (f"`{d.name}`", d.title, " / ".join(d.written_by), "<br>".join(f"`{line}`" for line in d.lines))
        for d in page.documents
    ]
    sections = [
        title + NOTE + _summary(page) + _diagram(procedure),
        "## Tasks\n\n" + _table(("Task", "Title", "Who", "Part", "Limit", "By itself"), tasks) + "\n" + SEPARATION,
        "## Actions\n\n" + _table(ACTION_HEAD, [_action_row(action) for action in page.actions]),
    ]
    if documents:
        sections.append("## Documents\n\n" + _table(("Document", "Title", "Written by", "Lines"), documents))
    return "\n".join(sections)


def _summary(page: ProcedurePage) -> str:
    begins = "; ".join(page.begins_follows)
    asks = f" It asks for: {', '.join(page.begins_needs)}." if page.begins_needs else ""
    timers = f" Timers: {'; '.join(page.timers)}." if page.timers else ""
    return (
        f"Procedure `{page.name}`. A case begins by {page.begins}: {begins}.{asks} "
        f"Limit of the whole case: {page.limit}.{timers}\n\n"
    )


def _action_row(action: ActionRow) -> tuple[str, ...]:
    where = "on the task" if action.is_on_task else "in the stages"
    who = f"{action.who}<br>{where} {' / '.join(action.on)}"
    follows = [
        f"if {effect.where.words}: {effect.words}" if effect.where else effect.words for effect in action.follows
    ]
    return (
        f"`{action.name}`<br>`{action.event}`",
        action.title,
        who,
        "<br>".join(action.needs),
        "<br>".join(claim.words for claim in action.claims),
        "<br>".join(follows),
    )


def _diagram(procedure: Procedure) -> str:
    """Return the diagram of moves between stages; actions that do not move the case are in the table of actions."""
    found = stage_graph(procedure)
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{_both(procedure.stages[name].title)}" as {name}' for name in found.tasks]
    lines.append(f"    [*] --> {procedure.begins.stage}")
    moves: dict[tuple[str, str], list[str]] = {}
    for move in (each for each in found.transitions if not each.stays):
        title = procedure.actions[move.action].title["zh"] + (" (automatic)" if move.automatic else "")
        moves.setdefault((move.from_stage, move.to_stage), []).append(title)
    lines += [f"    {source} --> {to}: {' · '.join(titles)}" for (source, to), titles in moves.items()]
    lines += [f"    {name} --> [*]" for name in found.tasks if procedure.stages[name].final]
    return "\n".join([*lines, "```", ""])


def _declared(procedure: Procedure) -> Iterator[tuple[str, Words, str]]:
    """Yield the events that a procedure declares, with the action and the stages after it."""
    yield procedure.begins.event, procedure.begins.title, f"`{procedure.begins.stage}`"
    after: dict[str, list[str]] = {}
    for move in stage_graph(procedure).transitions:
        to = "the same" if move.stays else f"`{move.to_stage}`"
        if to not in after.setdefault(move.action, []):
            after[move.action].append(to)
    for action in procedure.actions.values():
        yield action.event, action.title, ", ".join(after.get(action.name, []))


def _vocabulary() -> Vocabulary:
    roles = {role.name: role.title for pack in read_all() for role in pack.roles}
    titles = {procedure.name: procedure.title for procedure in _procedures()}
    return Vocabulary(_both, lambda limit: f"{limit.amount} {limit.unit}", roles, titles, with_code=True)


def _both(words: Words) -> str:
    return f"{words['zh']} {words['en']}"


def _kinds(procedure: Procedure) -> str:
    return " · ".join(_both(kind.title) for kind in procedure.tasks.values())


def _page_name(procedure: Procedure) -> str:
    return f"{procedure.name}-{procedure.version}.md"


def _procedures() -> list[Procedure]:
    """Return every version of every procedure, the newest first."""
    found = [procedure for pack in read_all() for procedure in pack.procedures]
    return sorted(found, key=lambda procedure: (procedure.name, -procedure.version))


def _recorded() -> Iterator[str]:
    """Yield the events that the code names in calls of record, apply, _note and so on, or in `name if … else name`."""
    writing = ("record", "apply", "_record", "_note", "Move", "link")
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        constants = dict(_constants(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _called(node) in writing:
                yield from _events_among([constants.get(getattr(value, "id", ""), value) for value in node.args[:4]])
            elif isinstance(node, ast.IfExp) and len(names := _events_among([node.body, node.orelse])) == 2:
                yield from names


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the constants of a module: names and values."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            yield from (
                (getattr(name, "id", ""), value) for name, value in zip(node.targets[0].elts, values, strict=False)
            )


def _events_among(values: list[ast.expr]) -> list[str]:
    return [str(value.value) for value in values if isinstance(value, ast.Constant) and _is_event(value.value)]


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _is_event(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"([A-Z][a-z]+)+", value) is not None


def _command(command: click.Command, path: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=path[-1])
    if not isinstance(command, click.Group):
        usage = " ".join([*path, *command.collect_usage_pieces(context)])
        yield f"\n## {' '.join(path)}\n\n    {usage}\n\n{_plain(command.help)}\n"
        rows = [record for parameter in command.params if (record := parameter.get_help_record(context))]
        if rows:
            yield "\n" + _table(("Option", "Meaning"), [(f"`{option}`", meaning) for option, meaning in rows])
        return
    for name in sorted(command.commands):
        yield from _command(command.commands[name], [*path, name])


def _plain(help_text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (help_text or "").split("\n\n"))


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def stale() -> list[Path]:
    """Return the pages that are out of date, and those of procedures that no longer exist."""
    with override("en"):
        found = pages()
    changed = [path for path, text in found.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return changed + [path for path in sorted(PROCEDURES.glob("*.md")) if path not in found]


def main(*, check: bool) -> int:
    """Write the pages, or print which are out of date; return the exit code."""
    django_settings.configure(USE_I18N=False)  # the pages are in English, and no database is needed
    if check:
        for path in (found := stale()):
            click.echo(f"{path.relative_to(DOCS.parent)} is out of date: run python docs/generate.py")
        return 1 if found else 0
    written = pages()
    for path in stale():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written[path], encoding="utf-8") if path in written else path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
