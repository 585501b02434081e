"""The pack of the how-to "Add a domain in an afternoon" is written as it is there, checked, taken up and used."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_django
from click.testing import CliRunner, Result
from django.test import Client

from cityloop.casework import actions as casework
from cityloop.casework import verification
from cityloop.casework.models import Case
from cityloop.casework.queries import is_followed
from cityloop.core.actors import Actor, Post
from cityloop.core.codes.classes import HOME
from cityloop.core.errors import Invalid, NotAllowed
from cityloop.entry.command_line import main
from cityloop.entry.commands.packs import _tables
from cityloop.registry.city.current import forget
from cityloop.registry.models import Facility
from cityloop.registry.packs.actions import take_up
from cityloop.registry.packs.queries import differences
from cityloop.registry.packs.reading import read_all
from example import NOW, SmallCity
from scenarios.conftest import Desks, events

HOW_TO = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-domain.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w.-]+)`\n```\w+\n(.*?)^```$", HOW_TO, re.S | re.M))
OUTPUTS = re.findall(r"^```text\n(.*?)^```$", HOW_TO, re.S | re.M)  # contents, slips, diff, refused
HOUR = timedelta(hours=1)
SLIPS = (("inspection.yaml", "[order_mending]", "[order]"), ("conditions.csv", "补齐,4 work_hour", "补齐,4 hours"))


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """The folder of packs of the how-to, with its one pack."""
    folder = tmp_path / "city-packs"
    for name, content in FILES.items():
        write(folder, name, content)
    return folder


@pytest.fixture
def toilets(
    packs: Path, city: SmallCity, people: dict[str, Actor], settings: pytest_django.Settings
) -> Iterator[dict[str, Actor]]:
    """The people of a city that has taken up the pack: those of the how-to, and a unit that maintains toilets."""
    settings.CITYLOOP = replace(settings.CITYLOOP, packs=str(packs))
    taken_up(packs)
    new = {"zhao": Post("toilet_inspector", "collectors"), "qian": Post("toilet_officer", "centre")}
    yield people | {name: Actor(f"account/{name}", name, (post,)) for name, post in new.items()}
    assert list(verification.findings()) == []


def write(folder: Path, name: str, content: str) -> None:
    (folder / "toilets").mkdir(parents=True, exist_ok=True)
    (folder / "toilets" / name).write_text(content, encoding="utf-8")


def taken_up(packs: Path) -> None:
    take_up(read_all(str(packs)), "system", NOW, is_followed)
    forget()  # on_commit does not run in a test's transaction


def checked(packs: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """Return the result of `cityloop packs check`, run in the folder where the how-to runs it."""
    monkeypatch.chdir(packs.parent)
    return CliRunner().invoke(main, ["packs", "check", "city-packs/toilets"])


def test_the_how_to_shows_every_file_of_its_pack() -> None:
    tables = ["classes.csv", "conditions.csv"]
    assert list(FILES) == ["pack.yaml", "roles.yaml", "inspection.yaml", *tables, "indicators.yaml"]
    assert len(OUTPUTS) == 4


def test_the_check_prints_what_the_how_to_shows(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = checked(packs, monkeypatch)
    assert (result.exit_code, result.output) == (0, OUTPUTS[0])


def test_slips_in_two_files_are_reported_as_the_how_to_shows(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, right, slipped in SLIPS:
        write(packs, name, FILES[name].replace(right, slipped))
    result = checked(packs, monkeypatch)
    assert (result.exit_code, result.output) == (1, OUTPUTS[1])


def test_a_slip_in_the_indicators_is_reported_with_file_line_and_field(
    packs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slipped = FILES["indicators.yaml"].replace("numerator: mended_in_time", "numerator: mended_on_time")
    write(packs, "indicators.yaml", slipped.replace("[voided]", "[forgotten]"))
    result = checked(packs, monkeypatch)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "toilets/indicators.yaml:22 indicators.mended_in_time_rate.excludes: There is no exclusion forgotten. "
        "Known are: voided.",
        "toilets/indicators.yaml:20 indicators.mended_in_time_rate.numerator: There is no count mended_on_time.",
        "Nothing was changed.",
    ]


def test_a_case_of_the_new_domain_goes_from_report_to_close(toilets: dict[str, Actor]) -> None:
    report = {"text": "人民公园公厕地面积水", "category": "03998", "district": SmallCity.north}
    number = casework.begin_case("toilet-inspection", toilets["zhao"], report, "1", NOW)
    case = act(number, "order", toilets["qian"], condition="03998 1", keeper="parks")
    (mend,) = case.tasks.filter(kind="mend")
    assert (mend.unit, mend.due_at, case.case_limit) == ("parks", NOW + 2 * HOUR, "3 work_day")
    act(number, "report_mended", toilets["parks"], result="已冲洗")
    with pytest.raises(NotAllowed):
        act(number, "approve", toilets["parks"])
    act(number, "send_back", toilets["zhao"], reason="仍有异味")
    act(number, "report_mended", toilets["parks"], result="已除味")
    case = act(number, "approve", toilets["zhao"])
    assert (case.stage, case.is_open) == ("mended", False)
    assert events(number)[0] == "DefectFound" and events(number)[-1] == "MendingApproved"


def act(number: str, action: str, actor: Actor, **inputs: str) -> Case:
    case: Case = Desks({"actor": actor}, (0, 0)).act(number, action, "actor", **inputs)
    return case


def test_everybody_sees_the_toilets_on_the_map(toilets: dict[str, Actor]) -> None:
    for number, (category, state) in enumerate((("03001", "intact"), ("03001", "removed"), ("03005", "intact"))):
        code = f"{SmallCity.north}{category}{number:06d}"
        place = {"lon": 120.05, "lat": 23.05, "areas": {"district": SmallCity.north}}
        Facility.objects.create(code=code, catalogue=HOME, category=category, name="公厕", state=state, **place)
    found = json.loads(Client().get("/ogc/collections/public-toilets/items").getvalue())
    assert [feature["id"] for feature in found["features"]] == [f"{SmallCity.north}03001000000"]


def test_the_diff_of_an_edit_is_what_the_how_to_shows(toilets: dict[str, Actor], packs: Path) -> None:
    longer = FILES["conditions.csv"].replace("已补齐,4 work_hour", "已补齐,6 work_hour")
    write(packs, "conditions.csv", longer[: longer.index("matter,03999,2")])
    every = read_all(str(packs))
    (pack,) = [pack for pack in every if pack.name == "toilets"]
    assert "\n".join(_tables(differences(pack, every))) + "\n" == OUTPUTS[2]
    taken_up(packs)
    assert differences(pack, every) == []


def test_a_procedure_that_a_case_follows_is_not_changed_under_its_version(
    toilets: dict[str, Actor], packs: Path
) -> None:
    report = {"text": "门锁坏了", "category": "03998", "district": SmallCity.north}
    write(packs, "inspection.yaml", FILES["inspection.yaml"].replace("zh: 整改完毕", "zh: 已整改") + "# mended\n")
    casework.begin_case("toilet-inspection", toilets["zhao"], report, "1", NOW)
    taken_up(packs)
    write(packs, "inspection.yaml", FILES["inspection.yaml"].replace("timers: {80:", "timers: {90:"))
    with pytest.raises(Invalid) as error:
        taken_up(packs)
    assert [f"{fault.field}: {fault.reason}\n" for fault in error.value.faults] == [OUTPUTS[3]]
    second = FILES["inspection.yaml"].replace("version: 1", "version: 2").replace("timers: {80:", "timers: {90:")
    write(packs, "inspection.yaml", second)
    write(packs, "inspection-1.yaml", FILES["inspection.yaml"])
    (both,) = re.findall(r"^    (procedures: .*\n)", HOW_TO, re.M)
    write(packs, "pack.yaml", FILES["pack.yaml"].replace("procedures: [inspection.yaml]\n", both))
    taken_up(packs)


def test_the_indicators_of_the_how_to_count_its_cases(
    toilets: dict[str, Actor], packs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"text": "人民公园公厕地面积水", "category": "03998", "district": SmallCity.north}
    number = casework.begin_case("toilet-inspection", toilets["zhao"], report, "1", NOW)
    act(number, "order", toilets["qian"], condition="03998 1", keeper="parks")
    act(number, "report_mended", toilets["parks"], result="已冲洗")
    monkeypatch.setenv("CITYLOOP_PACKS", str(packs))
    facts = str(tmp_path / "facts")
    exported = CliRunner().invoke(main, ["export", "facts", "--to", facts])
    assert exported.exit_code == 0, exported.output
    arguments = ["appraise", "--facts", facts, "--book", "toilets", "--by", "unit", "--period", f"{NOW:%Y-%m}"]
    rows = [line.split() for line in CliRunner().invoke(main, arguments).stdout.splitlines()]
    assert [f"{NOW:%Y-%m}", "parks", "整改数", "1"] in [[row[0], row[2], *row[-2:]] for row in rows if len(row) == 5]
    assert ["按时整改率", "100.00%", "1", "1"] in rows
