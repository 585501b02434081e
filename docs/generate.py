"""Writes the reference pages that follow from the code: settings, commands, events, procedures.

`python docs/generate.py` writes them; with `--check` it changes nothing and fails when a committed page is not what the
code says. Pages that a person writes are not touched.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click

from cityloop.core.procedure import Action, LimitRule, Procedure
from cityloop.entry.command_line import main as commands
from cityloop.registry.packs import read_all
from cityloop.runtime.configuration import Configuration, variable

DOCS = Path(__file__).resolve().parent
SOURCE = DOCS.parent / "src" / "cityloop"
NOTE = "<!-- Written by docs/generate.py; change the code it is made from instead. -->\n\n"

# What events mean that no procedure declares. One that is missing here, or not in the code any more, is an error.
MEANINGS = {
    "AccountAppointed": ("account/…", "An account was given a post: role, unit, area."),
    "AccountCreated": ("account/…", "An account was made, for a person or for a connected system."),
    "AreasSet": ("registry", "Areas were entered or given new names and polygons."),
    "CityRestored": (
        "log",
        "The city was restored from a backup made at the moment given: what followed is not in it.",
    ),
    "DutiesSet": ("registry", "It was entered who sees to which problems where."),
    "KeysNoted": ("city", "The fingerprint of the city's keys was noted, so that no other home serves this database."),
    "LimitPassed": ("case/…", "The limit of an open task passed before the task was done."),
    "LogSealed": ("log", "Checkpoints were written, the last of them with the number given."),
    "PacksTakenUp": ("registry", "Packs brought a new or changed catalogue or limits."),
    "PasswordSet": ("account/…", "An account was given a new password."),
    "ReporterRevealed": ("case/…", "Somebody had the reporter's name and telephone shown in clear."),
    "TokenMade": ("account/…", "A bearer token was made; the event holds the beginning of its digest."),
    "TokensRevoked": ("account/…", "Every bearer token of an account was made worthless."),
    "UnitsSet": ("registry", "Units were entered or renamed."),
    "WordsErased": ("case/…", "The personal words of a case were erased for good; the history stays valid."),
}


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    found = {
        DOCS / "reference" / "settings.md": settings(),
        DOCS / "reference" / "commands.md": command_pages(),
        DOCS / "reference" / "events.md": events(),
    }
    for procedure in _procedures():
        found[DOCS / "reference" / "procedures" / f"{procedure.name}.md"] = procedure_page(procedure)
    return found


def settings() -> str:
    """Return the page of settings."""
    rows = [
        (f"`{variable(each.name)}`", f"`{each.default}`" if each.default else "", each.metadata["meaning"])
        for each in fields(Configuration)
    ]
    intro = (
        "Settings come from the environment only. A wrong one is told at the start, by name and with the reason.\n\n"
    )
    return "# Settings\n\n" + NOTE + intro + _table(("Variable", "Default", "Meaning"), rows)


def command_pages() -> str:
    """Return the page of commands."""
    intro = "Exit codes: 0 done, 1 refused (a clear sentence, nothing changed), 2 wrong usage.\n"
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
        (f"`{name}`", f"`{procedure.name}`", f"{title['zh']} — {title['en']}", f"`{stage}`")
        for procedure in _procedures()
        for name, title, stage in _declared(procedure)
    ]
    others = [(f"`{name}`", f"`{stream}`", meaning) for name, (stream, meaning) in sorted(MEANINGS.items())]
    return (
        "# Events\n\n" + NOTE + intro + "## Of cases, declared by a procedure (stream `case/…`)\n\n"
        "" + _table(("Event", "Procedure", "Action", "Stage after it"), declared) + "\n## Others\n\n"
        "" + _table(("Event", "Stream", "What happened"), others)
    )


def procedure_page(procedure: Procedure) -> str:
    """Return the page of one procedure: its diagram, its tasks, its actions."""
    title = f"# {procedure.title['zh']} · {procedure.title['en']}\n\n"
    about = (
        f"Procedure `{procedure.name}`, version {procedure.version}. Limit of the whole case, from filing: "
        f"{_limit(procedure.case_limit)}. A reported case starts in `{procedure.begins_stage}`.\n\n"
    )
    tasks = [
        (f"`{t.name}`", t.title["zh"], t.title["en"], f"`{t.role}`", t.part.value, _limit(t.limit))
        for t in procedure.tasks.values()
    ]
    actions = [
        (f"`{a.name}`", a.title["zh"], a.title["en"], f"`{a.on}`", f"`{a.to}`", f"`{a.event}`", _needs(a))
        for a in procedure.actions.values()
    ]
    judged = "Whoever acted on a task of the part `handling`, and every colleague of a unit that held one, may not "
    judged += "act on a task of the part `judging`.\n"
    return (
        title + NOTE + about + _diagram(procedure) + "\n## Tasks\n\n"
        "" + _table(("Task", "中文", "English", "Role", "Part", "Limit"), tasks) + "\n" + judged + "\n## Actions\n\n"
        "" + _table(("Action", "中文", "English", "On task", "Stage after it", "Event", "Asks for"), actions)
    )


def _diagram(procedure: Procedure) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{s.title["zh"]} {s.title["en"]}" as {s.name}' for s in procedure.stages.values()]
    lines.append(f"    [*] --> {procedure.begins_stage}")
    for action in procedure.actions.values():
        for stage in _stages_of(procedure, action.on):
            lines.append(f"    {stage} --> {action.to}: {action.title['zh']} {action.title['en']}")
    lines += [f"    {stage.name} --> [*]" for stage in procedure.stages.values() if stage.final]
    return "\n".join([*lines, "```", ""])


def _stages_of(procedure: Procedure, kind: str) -> list[str]:
    """Return the stages in which a kind of task is opened."""
    begun = [procedure.begins_stage] if kind in procedure.begins_tasks else []
    return list(dict.fromkeys(begun + [a.to for a in procedure.actions.values() if kind in a.opens]))


def _declared(procedure: Procedure) -> Iterator[tuple[str, dict[str, str], str]]:
    yield procedure.begins_event, {"zh": "上报", "en": "Report"}, procedure.begins_stage
    for action in procedure.actions.values():
        yield action.event, dict(action.title), action.to


def _needs(action: Action) -> str:
    needs = [f"{need.title['en']}{'' if need.required else ' (may be left out)'}" for need in action.needs]
    return "; ".join(needs)


def _limit(rule: LimitRule | None) -> str:
    if rule is None:
        return ""
    otherwise = f"{rule.otherwise.amount} {rule.otherwise.unit}"
    return f"the class's own `{rule.name}` limit, else {otherwise}" if rule.name else otherwise


def _procedures() -> list[Procedure]:
    return [procedure for pack in read_all() for procedure in pack.procedures]


def _recorded() -> Iterator[str]:
    """Yield the names of events that code writes by name: in record(…), _changed(…), Move(…) and link(…)."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in ("record", "_changed", "Move", "link"):
                yield from (a.value for a in node.args[:4] if isinstance(a, ast.Constant) and _names_event(a.value))


def _called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _names_event(value: object) -> bool:
    return isinstance(value, str) and value[:1].isupper() and value.isalpha()


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
    """Return the pages that are not what the code says."""
    return [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main(*, check: bool) -> int:
    """Write the pages, or tell which are stale; return the exit code."""
    if check:
        for path in (found := stale()):
            click.echo(f"{path.relative_to(DOCS.parent)} is not what the code says: run python docs/generate.py")
        return 1 if found else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
