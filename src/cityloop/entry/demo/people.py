"""The demo city's units, duties and people, stored by the actions of the registry."""

from datetime import datetime
from random import Random

from django.conf import settings

from cityloop.core.actors import Actor
from cityloop.entry.demo import ground
from cityloop.entry.demo.organisation import enter_roster, organise
from cityloop.entry.demo.script import Script
from cityloop.registry.areas import actions as area_actions
from cityloop.registry.city.current import current_city
from cityloop.registry.models import Account
from cityloop.registry.organisation import actions as organisation
from cityloop.registry.organisation.actors import actor_of
from cityloop.registry.people import accounts

BY = "demo"


def settle(script: Script, chance: Random, now: datetime) -> None:
    """Store areas, units, duties and people."""
    area_actions.set_areas(ground.areas(script, chance), BY, now)
    organisation.enter_units(script.units, BY, now)
    organisation.enter_units(script.offices, BY, now, handles=False)
    duties = [{"category": category, "area": area, "unit": unit} for category, area, unit in script.duties]
    organisation.set_duties(duties, BY, now, city=current_city())
    organise(script, BY, now)
    for number, person in enumerate(script.people):
        # Hashing a password takes half a second on purpose: only people who can be tried in the demo get one.
        password = script.password if person.tries else None
        is_machine = person.role == accounts.PARTNER
        phone = "" if is_machine else f"1200001{number:04d}"
        accounts.create_account(person.username, person.name, password, BY, now, is_machine=is_machine, phone=phone)
        accounts.appoint(person.username, person.role, person.unit, person.area, BY, now)
    enter_roster(script, BY, now, settings.CITYLOOP.zone)


def actors(script: Script) -> dict[str, Actor]:
    """Return the actors of all people, by user name."""
    names = [person.username for person in script.people]
    return {account.username: actor_of(account) for account in Account.objects.filter(username__in=names)}
