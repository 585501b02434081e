"""A small city beside the large one: two databases of one server, so that measurements of both can alternate."""

import os
import re

SMALL, LARGE = "bench_small", "cityloop"
_ADDRESS = "CITYLOOP_DATABASE_URL"


def copy_city() -> None:
    """Copy the city as it is now; the original goes on growing."""
    from django.db import connection

    go_to("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {SMALL} TEMPLATE {LARGE}")
    go_to(LARGE)


def go_to(database: str) -> None:
    """Use this database from now on, also in the processes that are started."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = database
    os.environ[_ADDRESS] = re.sub(r"/\w+\?", f"/{database}?", os.environ[_ADDRESS])
