"""How the tests run, and what they share.

``manage.py test`` runs the whole suite in twice as many processes as there are cores, each file
in one of them. A part that is named (``manage.py test tests/trading/bots/test_tokens.py``)
runs in the calling process, where a start takes two seconds. ``-n 4``, ``-n 0`` and ``-p
no:xdist`` do what they say. ``--hypothesis-profile thorough`` tries ten times the examples; ``-m
soak`` runs the long forms.

What a test may count on, alone or beside others:

- ``db``, ``transactional_db``, ``live_server`` and ``django_db`` give the database of its own
  process. ``database_server`` is the address of the server that holds it (empty on SQLite), for
  databases of one's own: give those names that nobody else has.
- Before it, what this process remembers of rows (``trading.db.commit_cache``, tokens, throttles,
the cache) is forgotten, because ids come back.
- ``tmp_path`` and ``settings.DATA_DIR`` are its process's own. Ports: 0, or a server of
  ``tests/trading/api/server.py``. Never a fixed port, name or directory.
- ``browser`` is a Chromium for the tests of a file, ``open_tab`` a page of it that listens;
  ``shared_data`` the real trades and candles. ``lasting`` keeps rows for all tests of a file that
  only read them: see ``tests/trading/admin/test_plans.py``.

Files are what is spread over the processes: tests that must not run side by side, or that share
something slow (a module's server or browser), belong in one file, and nothing else is needed. No
test may need that another one ran before it.

With ``--only-database`` the tests that ask for none of the database's fixtures are left out: they
can reach no database (pytest-django and ``no_database_unasked`` see to that), so that they run the
same code whichever one is set. So are those marked ``either``, whose subject is another one, as
what a browser makes of pages: that the same pages are made from each database others see to.
"""

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as examples

from tests.chromium import browser, open_tab  # noqa: F401 - fixtures by their names

# A busy machine must not fail a test that is only slow to think of examples.
examples.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.register_profile("thorough", examples.get_profile("steady"), max_examples=1_000)
examples.load_profile("steady")

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
PROMISES = "not soak"  # what runs unless other marks are asked for: see pyproject.toml
# What gives a test the database that is set, and what makes a file slow: servers and browsers.
ASKS = frozenset({"db", "transactional_db", "django_db_setup", "database_server"})
SLOW = frozenset(
    {
        "transactional_db",
        "live_server",
        "database_server",
        "server",
        "service",
        "started",
        "browser",
    }
)
MIGRATED = frozenset({"django_content_type", "auth_permission"})
LEFT_OUT = pytest.StashKey[int]()


def asks_for_database(item: pytest.Item) -> bool:
    """Whether a test uses the database that is set, itself or through its fixtures."""
    kind = getattr(item, "cls", None)
    return (
        item.get_closest_marker("django_db") is not None
        or not ASKS.isdisjoint(item.fixturenames)
        or (kind is not None and issubclass(kind, TransactionTestCase))
    )


def matters_to_database(item: pytest.Item) -> bool:
    return asks_for_database(item) and item.get_closest_marker("either") is None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database",
        action="store_true",
        help="leave out the tests to which it is the same which database is set",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Spread the whole suite over the cores. As ``addopts`` it would break ``-p no:xdist``."""
    option = config.option
    worker = hasattr(config, "workerinput")
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    chosen = option.keyword or option.markexpr != PROMISES
    if worker or not whole or chosen or not config.pluginmanager.hasplugin("xdist"):
        return
    if option.numprocesses is None and option.dist == "no" and option.capture != "no":
        # Twice as many as there are cores: half of the time tests wait for processes of their own.
        option.numprocesses, option.dist = 2 * (os.cpu_count() or 1), "loadfile"
        option.loadscopereorder = False  # the order is ours
        # Every process must find the same tests, also where a name comes from a set.
        os.environ.setdefault("PYTHONHASHSEED", str(random.randrange(2**32)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.only_database:
        chosen = [item for item in items if matters_to_database(item)]
        left = [item for item in items if not matters_to_database(item)]
        config.stash[LEFT_OUT] = len(left)
        config.hook.pytest_deselected(items=left)
        items[:] = chosen
    if hasattr(config, "workerinput"):
        # Long files first, so that the processes end together.
        slow = {item.path for item in items if not SLOW.isdisjoint(item.fixturenames)}
        items.sort(key=lambda item: item.path not in slow)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Of the processes of the whole suite each compiles rules of its own, for all that need them
    later: two that need the same at once would both compile it."""
    worker = getattr(session.config, "workerinput", None)
    if worker is not None:
        from trading.strategies import REGISTRY
        from trading.strategies.engine.precompile import warm

        number, count = int(worker["workerid"][2:]), int(worker["workercount"])
        replayable = [one for one in REGISTRY.values() if one.replayable]
        warm(replayable[number::count])


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A process of the suite ended; each left out the same tests."""
    found = getattr(node, "workeroutput", {}).get("left_out", 0)
    node.config.stash[LEFT_OUT] = max(found, node.config.stash.get(LEFT_OUT, 0))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    count = terminalreporter.config.stash.get(LEFT_OUT, 0)
    if count:
        terminalreporter.write_line(f"left out: {count} tests that no database changes")


@pytest.fixture(scope="session", autouse=True)
def quickly_emptied() -> Iterator[None]:
    """After a transactional test empty the tables without making them anew, as Django does.

    That takes 15 times as long. What migrating wrote is kept: it would only be written again.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _delete_every_row)
        yield


def _delete_every_row(case: TransactionTestCase) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(
            only_existing=True, include_views=False
        ):
            if table not in MIGRATED:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@pytest.fixture(autouse=True)
def nothing_remembered(request: pytest.FixtureRequest) -> None:
    """Ids return between tests: what this process knows of rows is of another one's."""
    if asks_for_database(request.node):
        from trading.api import authentication

        authentication.forget()
        cache.clear()


@pytest.fixture(autouse=True)
def no_database_unasked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of a test that asks for no database are not told of one."""
    if not asks_for_database(request.node):
        monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(scope="module")
def lasting(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Rows made under this fixture, by others of a module's scope, are there for all its tests.

    For files whose tests all want them and none of which is transactional. What a test changes is
    rolled back as always.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def database_server() -> str:
    """The server that the tests' database lies on, as an address without a name; "" for SQLite."""
    described = settings.DATABASES["default"]
    if "sqlite" in described["ENGINE"]:
        return ""
    user, password = described["USER"], described["PASSWORD"]
    place = f"{described['HOST'] or '127.0.0.1'}:{described['PORT'] or 5432}"
    return f"postgres://{user}{':' if password else ''}{password}@{place}"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real trades and candles, kept beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs the sample data in ../shared/data, which is not here")
    return SHARED
