"""`cityloop import units`, `people`, `duties`, `rosters`: an organisation as its office keeps it in tables."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.test import Client

from cityloop.core.invalid_values import InvalidValue
from cityloop.entry.command_line import main
from cityloop.registry.city.current import current_city, forget
from cityloop.registry.history import changes
from cityloop.registry.models import Account, Appointment, ChangeSet, Duty, Roster, Unit
from cityloop.registry.names import ClassNames, CodeNames
from cityloop.registry.organisation.actors import on_duty
from cityloop.runtime.models import Event
from example import NOW, SmallCity

UNITS = """单位编码,单位名称,单位类型,上级单位,统一社会信用代码,简称,电话
crew,市政一队,公司,养护处,,一队,
roads,市政设施养护处,部门,,91350100M000100Y43,养护处、市政处,12012345678
north-1,北区第一社区居委会,社区,北街网格中心,,,
"""
PEOPLE = """用户名,姓名,手机号,岗位,单位,责任区域
zhao,赵一,12011112222,处置人员,市政养护处,
zhao,赵一,12011112222,派遣员,centre,北区
qian,钱二,,监督员,信息采集队,
"""
DUTIES = """类别,区域,责任单位,权责清单,依据
06013,北区,市政养护处,是,市政设施管理条例
06,,parks,否,
,南区,园林绿化处,,
"""
ROSTERS = """单位,岗位,日期,班次,值班人
市政养护处,处置人员,2026-11-20,08:00-20:00,roads先生
市政养护处,处置人员,2026年11月20日,20：00—8:00,roads2
"""
OF_PEOPLE = ("AccountCreated", "AccountChanged", "AccountAppointed")
FILES = {"units": UNITS, "people": PEOPLE, "duties": DUTIES, "rosters": ROSTERS}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bring_in(what: str, words: str, *options: str, encoding: str = "utf-8") -> Result:
    Path(f"{what}.csv").write_text(words, encoding=encoding)
    result = CliRunner().invoke(main, ["import", what, f"{what}.csv", *options])
    forget()
    return result


def recorded() -> int:
    """Return how many events tell of an organisation."""
    return Event.objects.filter(name__in=("UnitsSet", "DutiesSet", "RosterSet", *OF_PEOPLE)).count()


def rejects(what: str) -> list[str]:
    with Path(f"{what}.rejects.csv").open(encoding="utf-8-sig") as file:
        return [" ".join(row.values()) for row in csv.DictReader(file)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_units_are_entered_with_the_names_of_their_parents(city: SmallCity, encoding: str) -> None:
    result = bring_in("units", UNITS, encoding=encoding)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("3 rows: created 2, changed 1, unchanged 0, rejected 0.")
    crew, roads = Unit.objects.get(code="crew"), Unit.objects.get(code="roads")
    assert (crew.parent, crew.kind, crew.aliases) == (roads, "company", ["一队"])
    assert (roads.aliases, roads.credit_code, roads.telephone) == (
        ["养护处", "市政处"],
        "91350100M000100Y43",
        "12012345678",
    )
    assert current_city().units["north-1"].kind == "community"


@pytest.mark.parametrize(("what", "words"), FILES.items(), ids=FILES)
def test_the_same_file_again_changes_nothing(city: SmallCity, what: str, words: str) -> None:
    bring_in(what, words)
    before = recorded()
    again = bring_in(what, words)
    rows = words.count("\n") - 1
    assert again.stdout.startswith(f"{rows} rows: created 0, changed 0, unchanged {rows}, rejected 0.")
    assert recorded() == before


@pytest.mark.parametrize(("what", "words"), FILES.items(), ids=FILES)
def test_a_dry_run_reports_the_same_and_changes_nothing(city: SmallCity, what: str, words: str) -> None:
    before = recorded(), Account.objects.count(), Unit.objects.count()
    tried = bring_in(what, words, "--dry-run").stdout
    assert (recorded(), Account.objects.count(), Unit.objects.count()) == before
    assert tried.removeprefix("Dry run, nothing was changed. ") == bring_in(what, words).stdout


def test_wrong_units_are_returned_with_the_reason_and_the_others_are_entered(city: SmallCity) -> None:
    words = (
        "code,name,kind,parent,credit_code\n"
        "a,甲,部门,丙,\nb,乙,部门,a,\nc,丙,部门,b,\n"  # a ring
        "d,丁,部门,没有这个,\ne,戊,行星,,\nf,己,部门,,91350100M000100Y44\ng,庚,部门,,\ng,庚,部门,,\nh,辛,部门,f,\n"
        "../../x,壬,部门,,\n" + "i" * 65 + ",癸,部门,,\n"
    )
    result = bring_in("units", words)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("11 rows: created 1, changed 0, unchanged 1, rejected 9.")
    lines = rejects("units")
    assert sum("ring: " in line for line in lines) == 3
    for part in (
        "没有这个 is not a unit",
        "行星 is not one of",
        "one character is mistyped",
        "f is not a unit",
        "A code cannot contain /",
        "A code has 1 to 64 characters",
    ):
        assert sum(part in line for line in lines) == 1, part
    assert Unit.objects.filter(code__in="abcdefgh").get().code == "g"


def test_an_import_of_units_is_undone_as_one_change(city: SmallCity) -> None:
    bring_in("units", UNITS)
    number = ChangeSet.objects.get(source="units.csv").number
    changes.undo(number, "test", NOW)
    assert not Unit.objects.filter(code__in=("crew", "north-1")).exists()
    assert Unit.objects.get(code="roads").name == "市政养护处"


def test_a_name_that_two_units_have_is_reported(city: SmallCity) -> None:
    result = bring_in("units", "code,name\nroads-2,市政养护处\n")
    assert "市政养护处 is the name of 2 units: roads, roads-2" in result.stderr


def test_a_mapping_says_what_other_columns_mean(city: SmallCity) -> None:
    Path("units.yaml").write_text(
        "fields:\n  code: {column: 组织机构}\n  name: {column: 全称}\n"
        '  kind: {column: 性质, words: {行政: department, 居委: community}}\n  handles: {constant: "否"}\n',
        encoding="utf-8",
    )
    result = bring_in("units", "组织机构,全称,性质\nx1,第一科,行政\nx2,第二居,居委\n", "--mapping", "units.yaml")
    assert result.exit_code == 0, result.stderr
    assert [(current_city().units[code].kind, current_city().units[code].handles) for code in ("x1", "x2")] == [
        ("department", False),
        ("community", False),
    ]


def test_people_are_entered_with_their_posts_and_without_a_password(city: SmallCity) -> None:
    result = bring_in("people", PEOPLE)
    assert result.stdout.startswith("3 rows: created 2, changed 1, unchanged 0, rejected 0.")
    zhao = Account.objects.get(username="zhao")
    posts = set(Appointment.objects.filter(account=zhao).values_list("role", "unit__code", "area__code"))
    assert posts == {("handler", "roads", None), ("dispatcher", "centre", "671001")}
    assert not zhao.has_usable_password()
    assert "12011112222" not in zhao.phone
    assert "12011112222" not in str(list(Event.objects.values_list("payload", flat=True)))


def test_each_new_person_gets_a_link_that_works_once_in_a_file_that_only_its_owner_can_read(city: SmallCity) -> None:
    result = bring_in("people", PEOPLE, "--links", "links.csv")
    assert "Links for 2 people to set their password, once: links.csv" in result.stdout
    assert Path("links.csv").stat().st_mode & 0o777 == 0o600
    with Path("links.csv").open(encoding="utf-8-sig") as file:
        links = {row["username"]: row["link"] for row in csv.DictReader(file)}
    assert links.keys() == {"zhao", "qian"}
    browser = Client()
    assert "zhao" in browser.get(links["zhao"]).content.decode()
    refused = browser.post(links["zhao"], {"password": "right-horse-9", "again": "other-horse-9"})
    assert refused.status_code == 422
    assert browser.post(links["zhao"], {"password": "right-horse-9", "again": "right-horse-9"}).status_code == 302
    assert browser.get("/queue/").status_code == 200
    assert Client().get(links["zhao"]).status_code == 404


def test_a_file_of_links_is_never_overwritten(city: SmallCity) -> None:
    Path("links.csv").write_text("others", encoding="utf-8")
    assert bring_in("people", PEOPLE, "--links", "links.csv").exit_code == 1
    assert not Account.objects.filter(username="zhao").exists()
    assert Path("links.csv").read_text("utf-8") == "others"


def test_people_who_cannot_be_entered_are_returned_with_the_reason(city: SmallCity) -> None:
    words = (
        "username,name,role,unit,area,phone\n"
        "ok,好,处置人员,roads,,\nx1,一,皇帝,roads,,\nx2,二,处置人员,没有,,\nx3,三,处置人员,roads,月亮,\n"
        "x 4,四,处置人员,roads,,\nx5,五,处置人员,roads,,电话\nx6,,处置人员,roads,,\n"
    )
    assert bring_in("people", words).stdout.startswith("7 rows: created 1, changed 0, unchanged 0, rejected 6.")
    lines = rejects("people")
    for part in (
        "皇帝 is not a role",
        "没有 is not a unit",
        "月亮 is not an area",
        "without blanks",
        "not a telephone number",
        "must be filled in",
    ):
        assert sum(part in line for line in lines) == 1, part


@pytest.mark.parametrize("what", ["units", "duties", "rosters"])
def test_equal_rows_are_told_together_and_are_no_rejects(city: SmallCity, what: str) -> None:
    words = FILES[what]
    rows = words.count("\n") - 1
    result = bring_in(what, words + words.partition("\n")[2])
    assert result.stdout.startswith(f"{2 * rows} rows: ") and f"unchanged {rows}, rejected 0." in result.stdout
    assert f"Rows that are the same as one above: {rows}." in result.stderr


def test_a_row_that_says_something_else_of_the_same_duty_is_rejected(city: SmallCity) -> None:
    result = bring_in("duties", DUTIES + "06,,parks,是,\n")
    assert result.stdout.startswith("4 rows: created 3, changed 0, unchanged 0, rejected 1.")
    assert "the same as in line 3" in rejects("duties")[0]


def test_a_file_does_not_reopen_an_ended_account(city: SmallCity) -> None:
    from cityloop.registry.people.accounts import end_account

    bring_in("people", PEOPLE)
    end_account("zhao", "test", NOW)
    assert bring_in("people", PEOPLE).stdout.startswith("3 rows: created 0, changed 0, unchanged 1, rejected 2.")
    assert not Account.objects.get(username="zhao").is_active


def test_duties_are_entered_by_code_or_name_and_the_list_applies(city: SmallCity) -> None:
    result = bring_in("duties", DUTIES)
    assert result.stdout.startswith("3 rows: created 3, changed 0, unchanged 0, rejected 0.")
    assert set(
        Duty.objects.exclude(category="", area="").values_list("category", "area", "unit__code", "is_listed")
    ) == {
        ("06013", "671001", "roads", True),
        ("06", "", "parks", False),
        ("", "671002", "parks", False),
    }
    listed = current_city().listed("06013", {"district": "671001"})
    assert listed and listed.basis == "市政设施管理条例"


def test_a_duty_on_a_departments_list_is_not_given_to_a_community(city: SmallCity) -> None:
    bring_in("units", UNITS)
    bring_in("duties", DUTIES.replace("市政养护处", "市政设施养护处"))
    words = (
        "类别,区域,责任单位\n06013,671001000001,north-1\n07001,671001000001,north-1\n99999,,roads\n06013,月亮,roads\n"
    )
    assert bring_in("duties", words).stdout.startswith("4 rows: created 1, changed 0, unchanged 0, rejected 3.")
    lines = rejects("duties")
    for part in (
        "duties of 市政设施养护处 (市政设施管理条例), so it cannot be given to a community",
        "No class has the code 99999",
        "月亮 is not an area",
    ):
        assert sum(part in line for line in lines) == 1, part


def test_a_shift_goes_over_midnight(city: SmallCity) -> None:
    result = bring_in("rosters", ROSTERS)
    assert result.exit_code == 0, result.stderr
    night = Roster.objects.get(account__username="roads2")
    assert (night.starts_at.isoformat(), night.ends_at.isoformat()) == (
        "2026-11-20T12:00:00+00:00",
        "2026-11-21T00:00:00+00:00",
    )
    assert [account.username for account in on_duty("roads", "handler", NOW)] == ["roads"]


def test_shifts_by_their_moments_are_read_and_overlaps_are_reported(city: SmallCity) -> None:
    words = "unit,role,starts,ends,person\nroads,handler,2026-11-20 08:00,2026-11-20 20:00,roads\n"
    words += "parks,handler,2026-11-20 19:00,2026-11-20 21:00,roads\n"
    result = bring_in("rosters", words)
    assert result.stdout.startswith("2 rows: created 2,")
    assert "roads is on two shifts at once" in result.stderr


def test_impossible_shifts_are_returned_with_the_reason(city: SmallCity) -> None:
    words = (
        "unit,role,day,hours,starts,ends,person\n"
        "roads,handler,2026-11-20,早班,,,roads\nroads,handler,,,2026-11-20 20:00,2026-11-20 08:00,roads\n"
        "roads,handler,,,,,roads\nroads,handler,2026-11-20,8-12,,,nobody\nroads,handler,2026-11-20,08:00-12:00,,,roads\n"
    )
    assert bring_in("rosters", words).stdout.startswith("5 rows: created 1, changed 0, unchanged 0, rejected 4.")
    lines = rejects("rosters")
    for part in ("早班 is not a shift", "ends before it begins", "Fill this in, or the day", "nobody is not a person"):
        assert sum(part in line for line in lines) == 1, part


def test_codes_that_a_spreadsheet_shortened_get_their_zeros_back() -> None:
    codes = CodeNames("unit", frozenset({"0042", "042", "77"}), {})
    assert CodeNames("unit", frozenset({"0042", "77"}), {}).code("42") == "0042"
    with pytest.raises(InvalidValue, match="may mean several"):
        codes.code("42")
    classes = ClassNames(frozenset({"06010", "component:01001"}), codes)
    assert (classes.meant("6010"), classes.meant("1001", "component")) == ("06010", "component:01001")
    with pytest.raises(InvalidValue, match="No class has the code"):
        classes.meant("601")
