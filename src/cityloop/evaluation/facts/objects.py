"""The columns that figures are grouped by, in words: their titles and the names of their objects. No files.

Names from the facts themselves are in names.py.
"""

from collections.abc import Callable, Mapping

from cityloop.core.indicators.indicator import Words

Naming = Callable[[str, str | None], str]  # a column and its value → the name of the object
Names = Mapping[str, Mapping[str, str]]  # by column: names by value

NOBODY: Words = {"zh": "（无）", "en": "(none)"}  # an object without a value
TITLES: Mapping[str, Words] = {
    column: {"zh": chinese, "en": english}
    for column, chinese, english in (
        ("district", "区县", "district"),
        ("street", "街道", "street"),
        ("community", "社区", "community"),
        ("unit_grid", "单元网格", "unit grid"),
        ("patrol_grid", "管理网格", "patrol grid"),
        ("appraisal_grid", "评价网格", "appraisal grid"),
        ("social_grid", "社会治理网格", "social-governance grid"),
        ("grade", "区域等级", "grade of the area"),
        ("department", "部门", "department"),
        ("unit", "单位", "unit"),
        ("sent_to_department", "派往部门", "department it was sent to"),
        ("sent_to", "派往单位", "unit it was sent to"),
        ("own_unit", "操作人单位", "unit of who acted"),
        ("post", "岗位", "post"),
        ("filed_post", "立案岗位", "post of who filed it"),
        ("closed_post", "结案岗位", "post of who closed it"),
        ("person", "人员", "person"),
        ("filed_by", "立案人", "who filed it"),
        ("closed_by", "结案人", "who closed it"),
        ("source", "渠道", "channel"),
        ("source_kind", "问题来源", "kind of source"),
        ("procedure", "流程", "procedure"),
        ("catalogue", "分类目录", "catalogue"),
        ("category_kind", "部件或事项", "component or matter"),
        ("major", "大类", "major class"),
        ("category", "小类", "class"),
        ("condition", "立案条件", "condition for filing"),
        ("stage", "阶段", "stage"),
        ("stage_before", "操作前阶段", "stage before it"),
        ("kind", "任务种类", "kind of task"),
        ("task_kind", "任务种类", "kind of task"),
        ("part", "办理环节", "part"),
        ("outcome", "办理结果", "outcome"),
        ("left_by", "离开阶段的操作", "action by which it left"),
        ("name", "事件", "event"),
        ("action", "操作", "action"),
        ("reason", "原因", "reason"),
    )
}

OF_POSTS = ("post", "filed_post", "closed_post")
OF_PERSONS = ("person", "filed_by", "closed_by")
OF_AREAS = ("district", "street", "community", "unit_grid", "patrol_grid", "appraisal_grid", "social_grid")
OF_UNITS = ("department", "unit", "sent_to_department", "sent_to", "own_unit")


def grouping_title(column: str, language: str) -> str:
    """Return the title of a column that figures are grouped by."""
    return TITLES[column][language] if column in TITLES else column


def naming(names: Names, language: str) -> Naming:
    """Return how objects are named: by their name, else by their value; NOBODY where there is no value.

    A post is a role, or a role at a unit: dispatcher@centre.
    """

    def name(column: str, value: str | None) -> str:
        if value is None:
            return NOBODY[language]
        known = names.get(column, {})
        if column not in OF_POSTS or value in known:
            return known.get(value, value)
        role, _, unit = value.partition("@")
        return " · ".join(filter(None, (known.get(role, role), names.get("unit", {}).get(unit, unit))))

    return name
