"""The catalogues that packs bring: whole where they can be, honest where not; a bad table is refused with its line."""

from collections import Counter
from pathlib import Path

import pytest

from cityloop.core.codes.classes import HOME, ClassKey
from cityloop.core.codes.crosswalk import ClassCrosswalk, false_friends, plain_name
from cityloop.core.errors import Invalid
from cityloop.registry.catalogue.matching import How, Lists, Matching, lists_of
from cityloop.registry.city.search import ClassSearch, Searched
from cityloop.registry.packs.reading import Pack, read_all
from cityloop.registry.packs.texts.catalogue import CatalogueClass
from cityloop.registry.words.limits import NO_LIMIT, SEVERAL, WHICH_HOURS, parse_limit, read_limit
from cityloop.registry.words.readings import readings

OLD, OLDEST = "GB/T 30428.2-2013", "CJ/T 214-2007"
PACK = "name: small\ntitle: {zh: 包, en: Pack}\n"
LIST = "catalogues: [{name: City list, title: {zh: 类, en: List}, digits: %d, classes: classes.csv}]\n"
CLASSES = "kind,code,name,major\nmatter,06001,私搭乱建,市容环境\n"
CONDITIONS = "kind,code,number,filing,closing,limit_a,limit_b,limit_c\n"


@pytest.fixture(scope="module")
def packs() -> tuple[Pack, ...]:
    return read_all()


@pytest.fixture(scope="module")
def lists(packs: tuple[Pack, ...]) -> Lists:
    classes = [(c.catalogue, c.kind, c.code, c.name, c.major) for pack in packs for c in pack.classes]
    names = [one for pack in packs for one in pack.names]
    return lists_of(classes, [line for pack in packs for line in pack.crosswalk], names)


def classes_of(packs: tuple[Pack, ...], catalogue: str) -> list[CatalogueClass]:
    return [one for pack in packs for one in pack.classes if one.catalogue == catalogue]


def test_the_new_list_is_whole(packs: tuple[Pack, ...]) -> None:
    national = [one for one in classes_of(packs, HOME) if not one.is_local]
    assert Counter(one.kind for one in national) == {"component": 153, "matter": 250}
    majors = Counter((one.kind, one.major) for one in national)
    assert majors["component", "市政公用设施"] == 76 and majors["matter", "市政公用设施类"] == 76
    assert majors["component", "交通设施"] == 44 and majors["matter", "市容环境"] == 51
    assert majors["matter", "街面秩序"] == 21 and majors["matter", "其他事项"] == 2


def test_every_component_of_the_new_list_has_its_anomaly(packs: tuple[Pack, ...]) -> None:
    names = {(one.kind, one.code): one.name for one in classes_of(packs, HOME)}
    for (kind, code), name in names.items():
        if kind == "component":
            assert names["matter", code] == f"{name}异常"


def test_the_old_lists_hold_what_is_known_of_them(packs: tuple[Pack, ...]) -> None:
    old = Counter(one.kind for one in classes_of(packs, OLD))
    assert old == {"component": 66, "matter": 77}
    known = {(one.kind, one.code) for one in classes_of(packs, OLD)}
    assert ("matter", "0407") not in known and ("component", "0116") not in known
    assert {one.kind for one in classes_of(packs, OLDEST)} == {"matter"}


def test_local_classes_have_local_numbers(packs: tuple[Pack, ...]) -> None:
    local = [one for one in classes_of(packs, HOME) if one.is_local]
    assert local and all(int(one.code[2:]) >= 80 for one in local)


def test_every_code_of_a_crosswalk_is_in_both_lists(packs: tuple[Pack, ...]) -> None:
    known = {one.key for pack in packs for one in pack.classes}
    lines = [line for pack in packs for line in pack.crosswalk]
    assert len(lines) > 250
    assert [line for line in lines if line.source not in known or (line.to_code and line.target not in known)] == []


def test_the_old_component_is_a_component_for_the_census_and_a_matter_for_cases(lists: Lists) -> None:
    found = lists.crosswalk.successors(ClassKey(OLD, "component", "0101"), HOME)
    assert found and found.classes == (ClassKey(HOME, "component", "01001"), ClassKey(HOME, "matter", "01001"))


@pytest.mark.parametrize(
    ("kind", "code", "expected"),
    [
        ("matter", "0110", ["06010"]),
        ("matter", "0203", ["07003"]),
        ("matter", "0304", ["08004"]),
        ("matter", "0401", ["09001"]),
        ("matter", "0507", ["10001"]),
        ("matter", "0505", []),
        ("matter", "0131", []),
        ("matter", "0602", ["09013"]),
        ("component", "0506", ["01069"]),
        ("component", "0504", []),
        ("component", "0237", None),
    ],
)
def test_old_classes_lead_to_the_new_list(lists: Lists, kind: str, code: str, expected: list[str] | None) -> None:
    found = lists.crosswalk.successors(ClassKey(OLD, kind, code), HOME, "matter")
    assert (found and [one.code for one in found.classes]) == expected


def test_the_oldest_list_goes_by_name_and_not_by_number(packs: tuple[Pack, ...], lists: Lists) -> None:
    names = {one.key: plain_name(one.name) for pack in packs for one in pack.classes}
    lines = [line for pack in packs for line in pack.crosswalk if line.from_catalogue == OLDEST]
    assert {names[line.source] for line in lines if line.to_catalogue == OLD} <= {
        names[line.target] for line in lines if line.to_catalogue == OLD
    }
    collapsed = ClassKey(OLDEST, "matter", "0401")
    assert lists.crosswalk.successors(collapsed, OLD).classes == (ClassKey(OLD, "matter", "0505"),)  # type: ignore[union-attr]
    traps = false_friends(lists.of(OLDEST), lists.of(OLD))
    assert traps["matter", "0401"] == ("路面塌陷", "无照经营游商") and ("matter", "0101") not in traps


def test_the_conditions_of_the_example_city_have_limits_that_can_be_read(packs: tuple[Pack, ...]) -> None:
    conditions = [one for pack in packs for one in pack.conditions]
    assert len(conditions) > 400 and {one.profile for one in conditions} == {"example-city"}
    limits = {(one.code, one.number): one.limits for one in conditions}
    assert limits["06010", "1"] == {"": "4 work_hour"} and limits["06001", "1"] == {"": "2 urgent_day"}
    assert [limits["01001", str(number)][""] for number in range(1, 5)] == [
        "2 urgent_hour",
        "4 work_hour",
        "2 work_day",
        "5 work_day",
    ]
    assert all(parse_limit(words) for one in limits.values() for words in one.values())


def pack_of(folder: Path, words: str, **files: str) -> Path:
    (folder / "small").mkdir()
    (folder / "small" / "pack.yaml").write_text(PACK + words, encoding="utf-8")
    for name, content in files.items():
        (folder / "small" / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def faults(folder: Path) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_all(str(folder))
    return {fault.field: fault.reason for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("content", "field", "why"),
    [
        (CLASSES + "matter,6002,x,y\n", "small/classes.csv:3 code", "'6002' is no code of this catalogue: it has 5"),
        (CLASSES + "matter,０６００２,x,y\n", "small/classes.csv:3 code", "it has 5 digits"),
        (CLASSES + "event,06002,x,y\n", "small/classes.csv:3 kind", "none of component, matter"),
        (CLASSES + "matter,06002,,y\n", "small/classes.csv:3 name", "is empty"),
        (CLASSES + "matter,06002,x\n", "small/classes.csv:3", "does not have 4 cells"),
        (CLASSES + "matter,06002,x,y,z\n", "small/classes.csv:3", "does not have 4 cells"),
        (CLASSES + "matter,06001,x,y\n", "small/classes.csv:3", "stands in line 2 already"),
        ("kind,code,name,major,colour\n", "small/classes.csv:1", "there is no field colour"),
    ],
)
def test_a_list_of_classes_is_refused_with_line_and_field(tmp_path: Path, content: str, field: str, why: str) -> None:
    assert why in faults(pack_of(tmp_path, LIST % 5, classes=content)).get(field, "")


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        ("matter,06001,1,f,c,4 hours,,\n", "small/conditions.csv:2 limit_a", "is not a limit"),
        ("matter,06001,1,f,c,4 hour,,x\n", "small/conditions.csv:2 limit_c", "is not a limit"),
        ("matter,06001,1,f,c,,,\n", "small/conditions.csv:2 limit_a", "is empty"),
        ("matter,06001,1,f,c,1 day,,\nmatter,06001,1,g,c,1 day,,\n", "small/conditions.csv:3", "line 2 already"),
        ("matter,06099,1,f,c,1 day,,\n", "small/conditions.csv:2 code", "City list has no matter 06099"),
        ("component,06001,1,f,c,1 day,,\n", "small/conditions.csv:2 code", "City list has no component 06001"),
    ],
)
def test_conditions_are_refused_with_line_and_field(tmp_path: Path, row: str, field: str, why: str) -> None:
    words = LIST % 5 + "conditions: [{catalogue: City list, file: conditions.csv, profile: p}]\n"
    assert why in faults(pack_of(tmp_path, words, classes=CLASSES, conditions=CONDITIONS + row)).get(field, "")


def test_a_limit_may_differ_by_grade_of_area(tmp_path: Path) -> None:
    words = LIST % 5 + "conditions: [{catalogue: City list, file: conditions.csv, profile: p}]\n"
    row = "matter,06001,1,f,c,4 work_hour,,1 work_day\n"
    folder = pack_of(tmp_path, words, classes=CLASSES, conditions=CONDITIONS + row)
    (condition,) = Pack.read(folder / "small").conditions
    assert condition.limits == {"": "4 work_hour", "C": "1 work_day"}


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        (f"City list,matter,06002,{HOME},matter,06001,\n", "from_code", "City list has no matter 06002"),
        (f"City list,matter,06001,{HOME},matter,06079,\n", "to_code", f"{HOME} has no matter 06079"),
        ("City list,matter,06001,Nowhere,matter,,\n", "to_catalogue", "no pack has a catalogue Nowhere"),
        ("City list,matter,06001,City list,matter,06001,\n", "to_catalogue", "is the catalogue the line comes from"),
    ],
)
def test_a_crosswalk_to_what_is_not_there_is_refused(tmp_path: Path, row: str, field: str, why: str) -> None:
    head = "from_catalogue,from_kind,from_code,to_catalogue,to_kind,to_code,note\n"
    folder = pack_of(tmp_path, LIST % 5 + "crosswalks: [walk.csv]\n", classes=CLASSES, walk=head + row)
    assert why in faults(folder).get(f"small/walk.csv:2 {field}", "")


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        ("matter,06060,x,y\n", "small/classes.csv:2 code", "is a number of the national list"),
        ("matter,0699,x,y\n", "small/classes.csv:2 code", "it has 5 digits"),
        ("matter,06999,x,y\n", "small/classes.csv:2", f"{HOME} matter 06999 stands in example-city/classes.csv:"),
    ],
)
def test_a_citys_own_classes_keep_to_their_numbers(tmp_path: Path, row: str, field: str, why: str) -> None:
    words = f"local_classes: [{{catalogue: {HOME}, classes: classes.csv}}]\n"
    found = faults(pack_of(tmp_path, words, classes="kind,code,name,major\n" + row))
    assert any(name.startswith(field) and why in reason for name, reason in found.items()), found


def test_own_classes_of_no_catalogue_are_refused(tmp_path: Path) -> None:
    words = "local_classes: [{catalogue: Nowhere, classes: classes.csv}]\n"
    content = "kind,code,name,major\nmatter,06999,x,y\n"
    assert faults(pack_of(tmp_path, words, classes=content)) == {
        "small/classes.csv:2": "no pack has a catalogue Nowhere"
    }


def test_a_pack_says_which_others_it_needs(tmp_path: Path) -> None:
    found = faults(pack_of(tmp_path, "version: 3\nrequires: [gbt47678-5, nothing]\n"))
    assert list(found) == ["small/pack.yaml:4 requires.1"] and "there is no pack nothing" in str(found)


def test_two_packs_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "pack.yaml").write_text("title: {zh: 包, en: Pack}\nname: whistle\n", encoding="utf-8")
    assert faults(tmp_path) == {"twin/pack.yaml:2 name": "there is another pack whistle"}


@pytest.fixture(scope="module")
def search(packs: tuple[Pack, ...], lists: Lists) -> ClassSearch:
    conditions: dict[ClassKey, tuple[str, ...]] = {}
    for one in (one for pack in packs for one in pack.conditions):
        conditions[one.key] = (*conditions.get(one.key, ()), one.filing)
    others = {one.key: lists.other_names.get(one.key, ()) for one in classes_of(packs, HOME)}
    walk: ClassCrosswalk = lists.crosswalk
    return ClassSearch(
        Searched(
            one.code,
            one.code,
            one.name,
            one.major,
            readings(one.name),
            (*others[one.key], *(lists.names[key] for key in walk.predecessors(one.key))),
            conditions.get(one.key, ()),
        )
        for one in sorted(classes_of(packs, HOME), key=lambda one: one.code)
        if one.kind == "matter"
    )


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("暴露垃圾", "06010"),
        ("垃圾 暴露", "06010"),
        ("垃圾暴露", "06010"),
        ("bllj", "06010"),
        ("ＢＬＬＪ", "06010"),
        ("baolu", "06010"),
        ("baolulaji", "06010"),
        ("bao laji", "06010"),
        ("zdjy", "09006"),
        ("xingdaoshu", "04002"),
        ("hangdaoshu", "04002"),
        ("06010", "06010"),
        ("０６０１０", "06010"),
        ("0901", "09010"),
        ("路灯", "01037"),
        ("sos", "01066"),
        ("早夜市", "09002"),
        ("上水井盖", "01001"),
        ("路灯 不亮", "01037"),
        ("街面秩序 消防", "09012"),
    ],
)
def test_a_class_is_found_as_people_type_it(search: ClassSearch, words: str, first: str) -> None:
    assert search.find(words)[0] == first


def test_a_name_comes_before_what_only_contains_it_and_order_is_stable(search: ClassSearch) -> None:
    assert search.find("路灯")[:3] == ["01037", "01006", "01060"]  # 路灯异常, then 路灯井盖异常, 路灯配电箱异常
    found = search.find("垃圾")
    assert found[:4] == ["03004", "03005", "06041", "06042"]  # they begin with it
    assert found.index("06010") < found.index("06025")  # 暴露垃圾; for 水域不洁 only a condition speaks of it
    assert search.find("06", most=5) == ["06001", "06002", "06003", "06004", "06005"]


def test_nothing_is_found_for_nothing_and_for_nonsense(search: ClassSearch) -> None:
    assert search.find("") == search.find(" ，") == search.find("xyzzy") == search.find("暴露 鲸鱼") == []


@pytest.mark.parametrize(
    ("words", "plain", "meant"),
    [
        ("2紧急工作时", None, "2 urgent_hour"),
        (" 5工作日", None, "5 work_day"),
        ("４小时", "working", "4 work_hour"),
        ("4小时", "natural", "4 hour"),
        ("3天", "working", "3 work_day"),
        ("3天", "natural", "3 day"),
        ("三个工作日内", None, "3 work_day"),
        ("十五日", "natural", "15 day"),
        ("半小时", "natural", "30 minute"),
        ("不超过 7 个工作日", None, "7 work_day"),
        ("30分钟", None, "30 minute"),
    ],
)
def test_a_limit_is_read_as_offices_spell_it(words: str, plain: str | None, meant: str) -> None:
    found = read_limit(words, plain)  # type: ignore[arg-type]
    assert (str(found.limit), found.beside, found.fault) == (meant, "", "")


def test_words_beside_a_limit_are_kept_apart() -> None:
    assert read_limit("种植季节15工作日").beside == "种植季节"
    assert read_limit("1紧急工作时制止").beside == "制止"


@pytest.mark.parametrize(
    ("words", "plain", "why"),
    [
        ("尽快", "working", NO_LIMIT),
        ("", "working", NO_LIMIT),
        ("4小时", None, WHICH_HOURS),
        ("2工作时或1工作日", None, SEVERAL),
        ("0工作日", None, "A limit must be positive, not 0."),
        ("半工作日", None, "half a work_day is not a length of its own"),
    ],
)
def test_a_limit_that_could_mean_anything_is_not_guessed(words: str, plain: str | None, why: str) -> None:
    found = read_limit(words, plain)  # type: ignore[arg-type]
    assert (found.limit, found.fault) == (None, why)


@pytest.mark.parametrize(
    ("kind", "code", "name", "how", "target"),
    [
        ("matter", "0110", "暴露垃圾", How.AGREES, "06010"),
        ("matter", "0110", "暴露生活垃圾", How.BY_CODE, "06010"),
        ("component", "0101", "上水井盖", How.AGREES, "01001"),
        ("matter", "0197", "违章开设道口", How.BY_NAME, "06039"),
        ("matter", "0401", "路面塌陷", How.UNCLEAR, None),  # by CJ/T 214
        ("matter", "0109", "非装饰性树挂", How.UNCLEAR, None),
        ("matter", "0131", "餐厨垃圾遗撒和污染", How.LOCAL, "06999"),
        ("component", "0284", "人行道", How.LOCAL, "02999"),
        ("matter", "0199", "无人认领的物件", How.LOCAL, "06992"),
        ("component", "0599", "时光胶囊", How.LOCAL, "05998"),
        ("matter", "0699", "说不清的事", How.LOCAL, "10991"),
        ("matter", "0188", "听得见的说法", How.SAID, "06012"),
    ],
)
def test_a_class_of_a_table_is_recognised(
    lists: Lists, kind: str, code: str, name: str, how: How, target: str | None
) -> None:
    match = Matching(lists, OLD, HOME, {"matter 0188": "06012"}).match(kind, code, name)
    assert (match.how, match.key and match.key.code) == (how, target)
    assert match.key is None or match.key.kind == "matter"


def test_a_component_of_the_citys_own_is_entered_with_its_anomaly(lists: Lists) -> None:
    match = Matching(lists, OLD, HOME, {}).match("component", "0199", "爱心驿站")
    assert [(one.kind, one.code, one.name, one.is_local) for one in match.new] == [
        ("component", "01999", "爱心驿站", True),
        ("matter", "01999", "爱心驿站异常", True),
    ]


def test_two_new_classes_get_two_numbers_and_one_keeps_its_own(lists: Lists) -> None:
    matching = Matching(lists, OLD, HOME, {})
    first, second = (matching.match("matter", code, name) for code, name in (("0199", "甲"), ("0198", "乙")))
    assert (first.key, second.key) == (ClassKey(HOME, "matter", "06992"), ClassKey(HOME, "matter", "06991"))
    assert matching.match("matter", "0199", "甲") is first


def test_in_its_own_catalogue_a_class_keeps_its_number(lists: Lists) -> None:
    match = Matching(lists, OLD, OLD, {}).match("component", "0199", "爱心驿站")
    assert match.key == ClassKey(OLD, "component", "0199") and match.new[0].is_local
