"""What the law lets packs declare only as a statistic, or only with a document behind it, by the words of titles."""

from pathlib import Path

import pytest

from cityloop.core.errors import Invalid
from cityloop.registry.packs.checks.law import FIGURES, NAMED, figure_about
from cityloop.registry.packs.procedures import read_procedure
from cityloop.registry.packs.reading import Pack
from cityloop.registry.packs.versions import digest
from registry.test_packs import PACK, ROLES, put
from registry.test_procedures import SMALL

ABOUT = {  # the titles of figures that are a statistic
    "fines": (
        "罚款总额", "罚没收入", "处罚金额", "行政处罚决定金额", "没收违法所得", "罚款收缴率", "罚 款 金 额",
        "罚\u200b款额", "创收完成率", "Fines collected", "Amount of penalties", "Confiscated money", "ＦＩＮＥＳ",
    ),
    "penalties": (
        "处罚数量", "行政处罚案件数", "处罚决定书份数", "处罚率", "处 罚 件 数", "Number of penalties",
        "Penalties issued", "number of administrative penalties",
    ),
    "petitions": (
        "信访量", "信访总量", "集体访", "进京访批次", "越级访人次", "信访受理量", "信　访　量", "重复信访率",
        "Petitions", "Petitions accepted", "Number of petitions",
    ),
    "app_use": (
        "登录次数", "登陆人数", "人均登录天数", "在线时长", "网格员在线率", "点击量", "APP使用率", "Ａｐｐ 使用率",
        "App 登录率", "平台使用率", "Log-ins", "Minutes on-line", "Clicks", "Use of the app",
    ),
}  # fmt: skip
NOTHING_FORBIDDEN = (
    "立案数", "按期结案率", "首违不罚数", "免予行政处罚件数", "不予处罚数", "处罚案件按时办结率",
    "处罚案卷质量优良率", "处罚裁量基准适用率", "处罚数据公开率", "罚款缓拆面积", "劝导教育数", "移交执法立案查处数",
    "信访按时办结率", "信访及时受理率", "信访事项满意率", "集体访化解率", "设备在线率", "视频在线时长", "泊位使用率",
    "Fine dust", "Penalty cases closed in time", "Petitions settled in time", "Petitions, share satisfied",
    "Signed in the register", "Confined spaces checked", "点击数字查看数",
)  # fmt: skip
NEEDS_BASIS = {
    "law-veto": ("安全生产一票否决", "一票 否决", "Veto"),
    "law-letter": ("目标责任书", "门前三包责任状", "责 任 书", "Letter of responsibility"),
    "law-list": ("物业企业黑名单", "失信主体", "重点人员台账", "从业人员清单", "企业名单", "Blacklist"),
    "law-campaign": (
        "文明城市创建",
        "创建卫生城市",
        "示范路",
        "红旗街道评比",
        "示 范 街 区",
        "创建活动",
        "Model streets",
    ),
}
NEEDS_NONE = (
    "责任单位", "责任状态", "权责清单", "问题清单", "参会人员名单", "值班人员名单", "任务清单", "创建", "创建时间",
    "创建案件", "新建任务", "案件创建", "创建人", "合同示范文本", "评价", "环比", "排放达标率", "否决",
    "Contest the decision", "List of cases",
)  # fmt: skip


@pytest.mark.parametrize(("about", "title"), [(about, title) for about, titles in ABOUT.items() for title in titles])
def test_a_figure_about_such_a_matter_is_recognised_by_its_title(about: str, title: str) -> None:
    assert figure_about({"zh": title, "en": "x"}) == figure_about({"zh": "一", "en": title}) == {about}


@pytest.mark.parametrize("title", NOTHING_FORBIDDEN)
def test_a_figure_about_quality_or_another_matter_is_free(title: str) -> None:
    assert figure_about({"zh": title, "en": title}) == set()


@pytest.mark.parametrize(("code", "title"), [(code, title) for code, titles in NEEDS_BASIS.items() for title in titles])
def test_what_needs_a_basis_is_recognised_by_its_title(code: str, title: str) -> None:
    assert [rule.code for rule in NAMED if rule.fits(title)] == [code]


@pytest.mark.parametrize("title", NEEDS_NONE)
def test_what_needs_no_basis_is_free(title: str) -> None:
    assert [rule.code for rule in NAMED if rule.fits(title)] == []


def test_every_rule_has_a_refused_example() -> None:
    assert set(ABOUT) == set(FIGURES)
    assert set(NEEDS_BASIS) == {rule.code for rule in NAMED}


@pytest.mark.parametrize(
    ("old", "field"),
    [
        ("title: {zh: 小, en: Small}", "title"),
        ("title: {zh: 工, en: W}", "tasks.work.title"),
        ("title: {zh: 毕, en: Finish}", "actions.finish.title"),
        ("title: {zh: 由, en: Why}", "actions.give.needs.1.title"),
        ("rain: {zh: 雨, en: Rain}", "reasons.why.rain"),
    ],
)
def test_a_procedure_with_such_a_title_names_its_basis(tmp_path: Path, old: str, field: str) -> None:
    path = tmp_path / "procedure.yaml"
    text = SMALL.replace(old, old[: old.index("{")] + "{zh: 目标责任书, en: Letter}", 1)
    path.write_text(text, "utf-8")
    with pytest.raises(Invalid) as refused:
        read_procedure(path)
    (fault,) = refused.value.faults
    line = SMALL[: SMALL.index(old)].count("\n") + 1
    assert (fault.field, fault.code) == (f"procedure.yaml:{line} {field}", "law-letter")
    assert "目标责任书 is a letter of responsibility" in fault.reason
    path.write_text("legal_basis: 市政府办〔2026〕3号\n" + text, "utf-8")
    assert read_procedure(path).name == "small"


@pytest.mark.parametrize("basis", ["无", "上级要求", "''", "2026"])
def test_a_basis_names_a_document(tmp_path: Path, basis: str) -> None:
    (tmp_path / "procedure.yaml").write_text(f"legal_basis: {basis}\n{SMALL}", "utf-8")
    with pytest.raises(Invalid, match="legal_basis"):
        read_procedure(tmp_path / "procedure.yaml")


@pytest.mark.parametrize(
    "basis", ["《创建示范活动管理办法》", "国办发〔2020〕49号", "行政处罚法第七十四条", "Law on X, article 5"]
)
def test_a_basis_is_a_name_a_number_or_an_article(tmp_path: Path, basis: str) -> None:
    (tmp_path / "procedure.yaml").write_text(f"legal_basis: {basis}\n{SMALL}", "utf-8")
    assert read_procedure(tmp_path / "procedure.yaml").name == "small"


def test_a_version_that_cases_follow_may_be_given_a_basis(tmp_path: Path) -> None:
    path = tmp_path / "procedure.yaml"
    path.write_text(SMALL, "utf-8")
    before = digest(path)
    path.write_text("legal_basis: 国办发〔2020〕49号\n" + SMALL, "utf-8")
    assert digest(path) == before


def test_packs_roles_and_layers_are_read_for_such_titles_as_well(tmp_path: Path) -> None:
    layer = "layers: [{name: l, title: {zh: 黑名单, en: L}, source: places}]\nroles: roles.yaml\n"
    put(tmp_path, "small", SMALL, layer)
    folder = tmp_path / "small"
    (folder / "roles.yaml").write_text(ROLES.replace("zh: 员", "zh: 创建示范专员"), "utf-8")
    with pytest.raises(Invalid) as refused:
        Pack.read(folder)
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [
        ("pack.yaml:4 layers.0.title", "law-list"),
        ("roles.yaml:2 roles.clerk.title", "law-campaign"),
    ]
    basis = "legal_basis: 国办发〔2020〕49号\n"
    (folder / "pack.yaml").write_text(basis + PACK % "small" + layer, "utf-8")
    (folder / "roles.yaml").write_text(basis + ROLES.replace("zh: 员", "zh: 创建示范专员"), "utf-8")
    assert Pack.read(folder).name == "small"
