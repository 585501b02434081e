"""Rows of the city as data. No rules here; codes are text, because leading zeros matter."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Accounts(BaseUserManager["Account"]):
    """Finds accounts by their name, as Django's sign-in asks."""


class Account(AbstractBaseUser):
    """Somebody who signs in, or a connected system that hands in reports."""

    username = models.TextField(unique=True)
    name = models.TextField()
    is_active = models.BooleanField(default=True)
    is_machine = models.BooleanField(default=False)
    channels = ArrayField(models.TextField(), default=list)  # it may hand in reports by these; empty: by any

    USERNAME_FIELD = "username"
    objects = Accounts()


class Token(models.Model):
    """A bearer token: only its digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    digest = models.TextField(unique=True)  # SHA-256, hexadecimal
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)


class Unit(models.Model):
    """A department, a street office, a company, a centre."""

    code = models.TextField(unique=True)
    name = models.TextField()
    handles = models.BooleanField(default=True)  # may be given cases to handle


class Area(models.Model):
    """A district or a community with its polygon (WKB, longitude and latitude of WGS-84)."""

    code = models.TextField(unique=True)
    name = models.TextField()
    level = models.TextField(choices=[("district", "district"), ("community", "community")])
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT)
    shape = models.BinaryField()


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


class Category(models.Model):
    """A class of the catalogue. Kind is part of the key: a component and a matter may share a code."""

    catalogue = models.TextField()
    kind = models.TextField(choices=[("component", "component"), ("matter", "matter")])
    code = models.TextField()
    name = models.TextField()
    handle_limit = models.TextField(default="")  # such as "4 work_hour"; empty: the procedure's own
    case_limit = models.TextField(default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["catalogue", "kind", "code"], name="category_key")]


class Duty(models.Model):
    """Who sees to a class of problems in an area; an empty class or area means any."""

    category = models.TextField(default="")  # a code, or its first digits
    area = models.TextField(default="")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category", "area", "unit"], name="duty_once")]


class DeclaredDay(models.Model):
    """A day that the city itself made a day off or a working day, over what its pack and the nation say."""

    day = models.DateField(unique=True)
    is_workday = models.BooleanField()
    name = models.TextField(default="")
    declared_at = models.DateTimeField()


class WorkingCalendar(models.Model):
    """A calendar that is or was in force; the one with the highest number is. Never updated, never deleted."""

    number = models.IntegerField(unique=True)
    adopted_at = models.DateTimeField()
    content = models.JSONField()  # as calendar_versions writes it


class Revision(models.Model):
    """One row: raised with every change here, so that every process knows when to read again."""

    number = models.BigIntegerField(default=0)
