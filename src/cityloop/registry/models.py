"""The tables of the city's data. No rules here; codes are text, because leading zeros matter."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Collate

UNIT_KINDS = ("department", "street_office", "community", "company", "centre", "estate")
STATES = ("intact", "damaged", "missing", "abandoned", "removed")  # of a facility: 完好 破损 丢失 废弃 移除


class Accounts(BaseUserManager["Account"]):
    """Finds accounts by their name, as Django's sign-in asks."""


class Account(AbstractBaseUser):
    """Somebody who signs in, or a connected system that hands in reports."""

    username = models.TextField(unique=True)
    name = models.TextField()
    is_active = models.BooleanField(default=True)
    is_machine = models.BooleanField(default=False)
    phone = models.TextField(db_default="")  # encrypted
    channels = ArrayField(models.TextField(), default=list)  # by which it may hand in reports; empty: by any

    USERNAME_FIELD = "username"
    objects = Accounts()

    def check_password(self, raw_password: str | None) -> bool:
        """Return whether it is the password. Django's own method may store another hash, which no event would prove."""
        return check_password(raw_password, self.password)


class Token(models.Model):
    """A bearer token: only its digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    digest = models.TextField(unique=True)  # SHA-256, hexadecimal
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class FailedSignIns(models.Model):
    """Failed attempts to sign in: of a person at an address, of a person anywhere, of anybody from an address."""

    person = models.TextField()  # the seal of the username that was typed; "": of anybody
    address = models.TextField()  # "": from anywhere
    failures = models.IntegerField()
    since = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "address"], name="failed_sign_ins_once")]


class Unit(models.Model):
    """A department, a street office, a community, a company, a centre."""

    code = models.TextField(unique=True)
    name = models.TextField()
    handles = models.BooleanField(default=True)  # may be given cases to handle
    kind = models.TextField(db_default="department")  # one of UNIT_KINDS
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    credit_code = models.TextField(db_default="")  # 统一社会信用代码, 18 characters
    aliases = ArrayField(models.TextField(), db_default=Value([], ArrayField(models.TextField())))
    telephone = models.TextField(db_default="")
    is_active = models.BooleanField(db_default=True)  # False: kept for the cases it had, gets no new ones


class Area(models.Model):
    """An area with its polygon (WKB, longitude and latitude of WGS-84). A code is never given a second time."""

    code = models.TextField(unique=True)
    name = models.TextField()
    level = models.TextField()  # one of TREE in core/place/areas.py, or another kind of grid
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    shape = models.BinaryField()
    grade = models.TextField(db_default="")  # 管理等级: A, B or C; empty: that of the area around it
    valid_from = models.DateField(null=True)  # None: always was
    valid_until = models.DateField(null=True)  # the first day on which it is no longer valid; None: still is
    attributes = models.JSONField(db_default=Value({}, models.JSONField()))


class Appointment(models.Model):
    """A post a person holds: a role in a unit, for one area or (None) the whole city."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="appointments")
    role = models.TextField()
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    area = models.ForeignKey(Area, null=True, on_delete=models.PROTECT)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "unit", "area"], name="appointment_once", nulls_distinct=False
            )
        ]


class Catalogue(models.Model):
    """A version of the list of classes: a national one or a city's own."""

    name = models.TextField(unique=True)  # such as GB/T 47678.5-2026
    title = models.JSONField()  # by language
    standard = models.TextField(db_default="")
    in_force_from = models.DateField(null=True)
    in_force_until = models.DateField(null=True)
    in_use = models.BooleanField(db_default=True)  # new cases may be filed under it


class Category(models.Model):
    """A class of a catalogue. Kind is part of the key: a component and a matter may share a code."""

    catalogue = models.TextField()
    kind = models.TextField(choices=[("component", "component"), ("matter", "matter")])
    code = models.TextField()
    name = models.TextField()
    major = models.TextField(db_default="")  # the name of its major class
    is_local = models.BooleanField(db_default=False)  # the city's own
    initials = models.TextField(db_default="")  # of its name in pinyin, to search by
    handle_limit = models.TextField(default="")  # such as "4 work_hour"; empty: the procedure's own
    case_limit = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["catalogue", "kind", "code"], name="category_key")]


class Condition(models.Model):
    """A condition for filing (立案条件) of a class, with its limits by grade of area and when it counts as repaired."""

    catalogue = models.TextField()
    kind = models.TextField()
    code = models.TextField()
    number = models.TextField()  # within the class
    filing = models.TextField()
    closing = models.TextField(db_default="")
    limits = models.JSONField()  # by grade; "" for areas of any other grade
    profile = models.TextField(db_default="")  # where it comes from

    class Meta:
        constraints = [models.UniqueConstraint(fields=["catalogue", "kind", "code", "number"], name="condition_key")]


class Crosswalk(models.Model):
    """What a class of one catalogue is called in another; an empty code: it has no successor there."""

    from_catalogue = models.TextField()
    from_kind = models.TextField()
    from_code = models.TextField()
    to_catalogue = models.TextField()
    to_kind = models.TextField()
    to_code = models.TextField()
    note = models.TextField(db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["from_catalogue", "from_kind", "from_code", "to_catalogue", "to_kind", "to_code"],
                name="crosswalk_once",
            )
        ]


class Duty(models.Model):
    """Who sees to a class of problems in an area; an empty class or area means any."""

    category = models.TextField(default="")  # a code, or its first digits
    area = models.TextField(default="")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    is_listed = models.BooleanField(db_default=False)  # 权责清单: may not be pushed down to a community
    basis = models.TextField(db_default="")  # the law or document it rests on

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "area", "unit"], name="duty_once")]


class Roster(models.Model):
    """Who is on duty for a unit in a role, from one moment to another."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)
    role = models.TextField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    note = models.TextField(db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "role", "starts_at", "account"], name="roster_once")]
        indexes = [models.Index(fields=["ends_at", "starts_at"], name="roster_when")]


class Facility(models.Model):
    """A facility of the city (管理部件), as in its census. GB/T 47678.5-2026, table 2."""

    code = models.TextField(unique=True)  # 标识码: 17 characters, 16 in the old list
    catalogue = models.TextField()
    category = models.TextField()  # the code of its component class
    name = models.TextField()
    authority = models.TextField(db_default="")  # 主管部门: the code of a unit, else what the census calls it
    owner = models.TextField(db_default="")  # 权属单位
    maintainer = models.TextField(db_default="")  # 养护单位
    authority_name = models.TextField(db_default="")
    owner_name = models.TextField(db_default="")
    maintainer_name = models.TextField(db_default="")
    state = models.TextField(db_default="intact")  # 完好 破损 丢失 废弃 移除
    began_on = models.DateField(null=True)  # 初始日期
    changed_on = models.DateField(null=True)  # 变更日期
    origin = models.TextField(db_default="")  # 数据来源
    remark = models.TextField(db_default="")
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    raw_lon = models.TextField(db_default="")  # as it was given, with its system
    raw_lat = models.TextField(db_default="")
    crs = models.TextField(db_default="")
    address = models.TextField(db_default="")
    areas = models.JSONField(db_default=Value({}, models.JSONField()))  # by level, as the census says or by the point
    attributes = models.JSONField(db_default=Value({}, models.JSONField()))  # further ones of the city

    class Meta:
        indexes = [
            models.Index(fields=["category", "lat", "lon"], name="facility_near"),
            models.Index(fields=["category", "code"], name="facility_class"),
            models.Index(fields=["lat", "lon"], name="facility_place"),
            models.Index(KT("areas__district"), F("code"), name="facility_district"),
            models.Index(Collate("name", "C"), F("code"), name="facility_name"),
            models.Index(fields=["state", "code"], name="facility_state", condition=~Q(state="intact")),
        ]


class Place(models.Model):
    """An entry of the gazetteer: a street, an estate, a door plate, a point of interest."""

    kind = models.TextField()  # one of Kind in core/gazetteer/places.py
    key = models.TextField()  # the name in the form that is compared; of a plate or lane, that of its road
    name = models.TextField()
    aliases = ArrayField(models.TextField(), db_default=Value([], ArrayField(models.TextField())))
    number = models.IntegerField(db_default=0)  # of a plate or a lane
    suffix = models.TextField(db_default="")
    district = models.TextField(db_default="")
    community = models.TextField(db_default="")
    lon = models.FloatField()
    lat = models.FloatField()
    spread_metres = models.FloatField(db_default=0.0)  # how far apart its observations are
    seen = models.IntegerField(db_default=1)
    shape = models.BinaryField(null=True)  # WKB of a street's line or a block's polygon
    source = models.TextField(db_default="")
    status = models.TextField(db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key", "district", "number", "suffix"], name="place_key")
        ]
        indexes = [
            models.Index(fields=["key", "number"], name="place_number"),
            models.Index(fields=["key"], opclasses=["text_pattern_ops"], name="place_prefix"),
            GinIndex(fields=["aliases"], name="place_alias"),
        ]


class ChangeSet(models.Model):
    """One change of the city's data by a person or an import, so that it can be shown and undone."""

    number = models.AutoField(primary_key=True)
    what = models.TextField()  # the name of the event
    source = models.TextField(db_default="")  # the file or page it came from
    by = models.TextField()
    at = models.DateTimeField()
    created = models.IntegerField(db_default=0)  # rows, of every piece together
    changed = models.IntegerField(db_default=0)
    removed = models.IntegerField(db_default=0)
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")


class Change(models.Model):
    """One row before and after: None where there was or is none."""

    id = models.BigAutoField(primary_key=True)
    changes = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="rows")
    table = models.TextField()
    key = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["table", "key", "id"], name="change_of_row")]


class PackTaken(models.Model):
    """A pack as it was last taken up."""

    name = models.TextField(unique=True)
    version = models.IntegerField()
    digest = models.TextField()  # of everything in its folder
    procedures = models.JSONField(db_default=Value({}, models.JSONField()))  # name and version → digest of what it said
    brought = models.JSONField(db_default=Value({}, models.JSONField()))  # as packs/leftovers.py writes it
    taken_at = models.DateTimeField()
    changes = models.ForeignKey(ChangeSet, null=True, on_delete=models.PROTECT)  # None: it brought no rows


class DeclaredDay(models.Model):
    """A day that the city itself made a day off or a working day, whatever its pack and the nation say."""

    day = models.DateField(unique=True)
    is_workday = models.BooleanField()
    name = models.TextField(default="")
    declared_at = models.DateTimeField()


class WorkingCalendar(models.Model):
    """A calendar that is or was in force; the one with the highest number is. Never updated, never deleted."""

    number = models.IntegerField(unique=True)
    adopted_at = models.DateTimeField()
    content = models.JSONField()  # as calendar/versions.py writes it


class Revision(models.Model):
    """One row: raised with every change here, so that every process knows when to read the city again."""

    number = models.BigIntegerField(default=0)
