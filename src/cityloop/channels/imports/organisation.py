"""Tables of units, people, duties and rosters: which columns mean what, by a mapping or by the usual titles.

registry.names looks up the names in cells; registry.organisation decides what is valid.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from cityloop.channels.tables.columns import (
    CodeSource,
    DateSource,
    EndSource,
    Fields,
    FieldSource,
    FlagSource,
    ListSource,
    MomentSource,
    PhoneSource,
    TableText,
)
from cityloop.core.clocks.shifts import shift_moments
from cityloop.core.errors import Fault, Invalid
from cityloop.registry.models import UNIT_KINDS

Titles = Mapping[str, tuple[str, ...]]

UNIT_TITLES: Titles = {
    "code": ("code", "编码", "单位编码", "单位代码"),
    "name": ("name", "名称", "单位名称"),
    "kind": ("kind", "类型", "单位类型"),
    "parent": ("parent", "上级", "上级单位", "主管单位"),
    "credit_code": ("credit_code", "统一社会信用代码", "信用代码"),
    "aliases": ("aliases", "别名", "简称", "曾用名"),
    "telephone": ("telephone", "电话", "联系电话", "值班电话"),
    "handles": ("handles", "承办案件", "是否承办"),
    "is_active": ("is_active", "在用", "是否在用"),
}
PEOPLE_TITLES: Titles = {
    "username": ("username", "用户名", "账号", "登录名"),
    "name": ("name", "姓名"),
    "phone": ("phone", "手机", "手机号", "手机号码", "联系电话"),
    "role": ("role", "岗位", "角色", "职务"),
    "unit": ("unit", "单位", "所在单位", "单位名称"),
    "area": ("area", "区域", "责任区域", "管辖区域"),
}
DUTY_TITLES: Titles = {
    "category": ("category", "类别", "问题类别", "类别编码", "小类编码"),
    "class_kind": ("class_kind", "部件事件"),
    "area": ("area", "区域", "所属区域"),
    "unit": ("unit", "责任单位", "单位"),
    "is_listed": ("is_listed", "权责清单", "列入权责清单"),
    "basis": ("basis", "依据", "法律依据", "设定依据"),
}
ROSTER_TITLES: Titles = {
    "unit": ("unit", "单位", "值班单位"),
    "role": ("role", "岗位", "角色"),
    "person": ("person", "姓名", "值班人", "值班人员"),
    "day": ("day", "日期", "值班日期"),
    "hours": ("hours", "时段", "班次", "值班时间"),
    "starts": ("starts", "开始", "开始时间"),
    "ends": ("ends", "结束", "结束时间"),
    "note": ("note", "备注"),
}
KIND_WORDS = {
    **{kind: kind for kind in UNIT_KINDS},
    **dict(zip(("部门", "街道", "社区", "企业", "中心", "小区"), UNIT_KINDS, strict=True)),
    **{"街道办事处": "street_office", "乡镇": "street_office", "镇": "street_office", "村": "community"},
    **{
        "居委会": "community",
        "社区居委会": "community",
        "公司": "company",
        "政府部门": "department",
        "局": "department",
    },
}
CLASS_KINDS = {"部件": "component", "事件": "matter", "component": "component", "matter": "matter"}


class UnitFields(Fields):
    code: CodeSource
    name: FieldSource
    kind: FieldSource | None = None
    parent: FieldSource | None = None
    credit_code: CodeSource | None = None
    aliases: ListSource | None = None
    telephone: PhoneSource | None = None
    handles: FlagSource | None = None
    is_active: FlagSource | None = None


class UnitsText(TableText):
    fields: UnitFields


class PersonFields(Fields):
    username: FieldSource
    name: FieldSource
    phone: PhoneSource | None = None
    role: FieldSource
    unit: FieldSource
    area: FieldSource | None = None


class PeopleText(TableText):
    fields: PersonFields


class DutyFields(Fields):
    category: CodeSource | None = None
    class_kind: FieldSource | None = None
    area: FieldSource | None = None
    unit: FieldSource
    is_listed: FlagSource | None = None
    basis: FieldSource | None = None


class DutiesText(TableText):
    fields: DutyFields


class RosterFields(Fields):
    unit: FieldSource
    role: FieldSource
    person: FieldSource
    day: DateSource | None = None
    hours: FieldSource | None = None
    starts: MomentSource | None = None
    ends: EndSource | None = None
    note: FieldSource | None = None


class RostersText(TableText):
    fields: RosterFields


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class UnitRow(_Row):
    """A unit as a table has it; what the table leaves out is not changed."""

    code: str
    name: str
    kind: str | None = None
    parent: str | None = None
    credit_code: str | None = None
    aliases: tuple[str, ...] | None = None
    telephone: str | None = None
    handles: bool | None = None
    is_active: bool | None = None

    def values(self) -> dict[str, Any]:
        """Return the fields that the row fills in."""
        filled = {name: value for name, value in self.model_dump().items() if value is not None}
        if self.kind:
            filled["kind"] = KIND_WORDS.get(self.kind, self.kind)
        if self.credit_code:
            filled["credit_code"] = self.credit_code.upper()
        return filled


class PersonRow(_Row):
    """A person with one post; a person with several has several rows."""

    username: str
    name: str
    phone: str | None = None
    role: str
    unit: str
    area: str | None = None


class ReadDuty(_Row):
    """A duty; without a class for any class, without an area for the whole city."""

    category: str = ""
    class_kind: str = ""
    area: str = ""
    unit: str
    is_listed: bool | None = None
    basis: str | None = None


class RosterRow(_Row):
    """A shift: by its moments, or by its day and its hours."""

    unit: str
    role: str
    person: str
    day: date | None = None
    hours: str | None = None
    starts: datetime | str | None = None
    ends: datetime | str | None = None
    note: str = ""

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return when the shift begins and ends; raise Invalid where that is missing or cannot be read."""
        if self.day and self.hours:
            return shift_moments(self.day, self.hours, zone)
        moments = {"starts": self.starts, "ends": self.ends}
        faults = [
            Fault(name, "cell-no-shift-moment" if moment is None else "not-a-moment")
            for name, moment in moments.items()
            if not isinstance(moment, datetime)
        ]
        if faults:
            raise Invalid(faults)
        assert isinstance(self.starts, datetime) and isinstance(self.ends, datetime)  # noqa: S101  # else there are faults
        return self.starts.replace(tzinfo=zone), self.ends.replace(tzinfo=zone)
