"""The database the tests run on, and a small city to test in.

Each process of a run has a PostgreSQL server of its own, started when a test first needs it: embedded, unless
CITYLOOP_TEST_POSTGRES names a folder of other binaries. Nothing here is shared with a city of the machine.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import django
import hypothesis
import pytest
import pytest_django
from django.conf import settings

from example import NOW, PASSWORD, PEOPLE, SmallCity
from homes import cluster_home
from snapshot import Snapshot, TableRows, everything, refill

HOME = Path(tempfile.mkdtemp(prefix="cityloop-tests-")) / "home"
BINARIES = Path(folder) if (folder := os.environ.get("CITYLOOP_TEST_POSTGRES")) else None
UNSAFE_BUT_QUICK = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


def _set_up() -> None:
    """Name the database, which nobody has started yet: other files beside this one import models."""
    from cityloop.runtime.postgres import Cluster

    os.environ["CITYLOOP_HOME"] = str(HOME)
    os.environ["CITYLOOP_DATABASE_URL"] = Cluster(HOME, binaries=BINARIES).url
    os.environ["DJANGO_SETTINGS_MODULE"] = "cityloop.runtime.settings"
    django.setup()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.WHITENOISE_AUTOREFRESH = True  # else every client of a test would look through all static files


_set_up()

if not os.environ.get("CITYLOOP_TEST_ALL"):  # each day fewer examples of a property; `make test-all` draws more
    usual = hypothesis.settings.get_profile(hypothesis.settings.get_current_profile_name())
    hypothesis.settings.register_profile("daily", parent=usual, max_examples=30)
    hypothesis.settings.load_profile("daily")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let each process of a run name its own database, not the one of the process that starts it."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


@pytest.fixture(scope="session")
def database_server() -> Iterator[None]:
    """Run PostgreSQL for the tests of this process."""
    from cityloop.runtime.postgres import Cluster

    cluster_home(HOME, BINARIES)
    cluster = Cluster(HOME, binaries=BINARIES, settings=UNSAFE_BUT_QUICK)
    cluster.ensure_running(tell=lambda _: None)
    yield
    cluster.stop(tell=lambda _: None)


def pytest_unconfigure() -> None:
    """Remove what the tests of this process wrote."""
    shutil.rmtree(HOME.parent, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(
    database_server: None, django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> None:
    """Take the packs up once: every test then finds them."""
    from cityloop.registry.packs import actions as pack_actions
    from cityloop.registry.packs.reading import read_all

    with django_db_blocker.unblock():
        pack_actions.take_up(read_all(), "test", NOW)
        _START.append((everything(), django_db_blocker))


_START: list[tuple[list[TableRows], pytest_django.DjangoDbBlocker]] = []  # what this process's database starts with


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Fill the database again after a test that emptied it: taking the packs up takes longer than most tests."""
    yield
    marker = item.get_closest_marker("django_db")
    is_emptied = "transactional_db" in item.fixturenames or (marker and marker.kwargs.get("transaction"))
    if nextitem and is_emptied:
        for rows, blocker in _START:
            with blocker.unblock():
                refill(rows)


@pytest.fixture
def city(db: None) -> Iterator[SmallCity]:
    """A small city with one person for every role; everybody's password is PASSWORD."""
    from cityloop.registry.city import current
    from cityloop.registry.organisation.actors import forget_bearers

    current.forget()
    forget_bearers()
    _CITY.enter(_build_city)
    current._known = _known_city()
    yield SmallCity()
    current.forget()


def _build_city() -> None:
    from shapely.geometry import box

    from cityloop.registry.areas import actions as area_actions
    from cityloop.registry.city import current
    from cityloop.registry.organisation import actions as organisation
    from cityloop.registry.packs import actions as pack_actions
    from cityloop.registry.packs.reading import read_all
    from cityloop.registry.people import accounts

    pack_actions.take_up(read_all(), "test", NOW)
    areas = []
    for number, code in enumerate(("671001", "671002")):
        west = 120.0 + 0.2 * number
        district = box(west, 23.0, west + 0.2, 23.1)
        areas.append(area_actions.NewArea(code, f"{'北南'[number]}区", "district", None, district.wkb))
        for half in (0, 1):
            shape = box(west + 0.1 * half, 23.0, west + 0.1 * (half + 1), 23.1)
            name = f"{'北南'[number]}区第{half + 1}社区"
            areas.append(area_actions.NewArea(f"{code}{half + 1:06d}", name, "community", code, shape.wkb))
    area_actions.set_areas(areas, "test", NOW)
    offices = {"centre": "监督指挥中心", "collectors": "信息采集队", "hotlines": "接入系统"}
    offices |= {"street": "北街网格中心", "enforcement": "综合行政执法支队"}
    organisation.enter_units(offices, "test", NOW, handles=False)
    organisation.enter_units({"roads": "市政养护处", "parks": "园林绿化处"}, "test", NOW)
    everything = {"category": "", "area": "", "unit": "roads"}
    organisation.set_duties([everything], "test", NOW, city=current.current_city())
    current.forget()  # on_commit does not run in a test's transaction
    for username, (role, unit, area) in PEOPLE.items():
        accounts.create_account(username, f"{username}先生", PASSWORD, "test", NOW)
        accounts.appoint(username, role, unit, area, "test", NOW)


_CITY = Snapshot()


@cache
def _known_city() -> object:
    """The city in memory as it is once it was entered; reading it takes longer than most tests."""
    from cityloop.registry.city.current import current_city

    return current_city()


@pytest.fixture
def people(city: SmallCity) -> "dict[str, object]":
    """The people of the city as the engine knows them, by username."""
    from cityloop.registry.models import Account

    return dict(_known_people(tuple(Account.objects.order_by("pk").values_list("pk", "username"))))


@cache
def _known_people(keys: tuple[tuple[int, str], ...]) -> "dict[str, object]":
    """The people under these keys; reading their posts takes longer than most tests."""
    from cityloop.registry.models import Account
    from cityloop.registry.organisation.actors import actor_of

    return {username: actor_of(Account.objects.get(pk=key)) for key, username in keys}
