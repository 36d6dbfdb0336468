"""Where a benchmark runs: databases of its own, made for the run and removed after it.

Every history of trades is a database of its own. All stay open at the same time, so that ours and
the peer's, the short history and the long one, can be timed in turns.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
NEEDS = ("django", "msgspec", "pandas", "rest_framework")
DATABASE = "benchmark_{name}"
EMPTY = "empty"  # a database whose tables stand, which others are copies of


def ensure_packages() -> None:
    """Go on in the project's environment, with the peers, where this Python lacks them."""
    from selflearn import bootstrap

    if not bootstrap.importable(NEEDS):
        python = bootstrap.prepare(ROOT, testing=True)
        sys.stdout.flush()
        os.execv(python, [str(python), *sys.argv])


def parser(description: str, trades: list[int] | None = None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    if trades:
        made.add_argument("--trades", type=int, nargs="+", default=trades, help="sizes")
    made.add_argument(
        "--database",
        default=os.environ.get("DATABASE_URL") or "sqlite",
        help="sqlite, or the server: postgres://USER@HOST:PORT",
    )
    made.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="keep what is made here, and use what is here already",
    )
    return made


class Ground:
    """Databases by name; ``use`` makes one the product's."""

    def __init__(self, server: str, folder: Path, keep: bool) -> None:
        self.server = None if server == "sqlite" else server.rstrip("/")
        self.folder, self.keep = folder, keep
        self._open: dict[str, BaseDatabaseWrapper] = {}

    @property
    def vendor(self) -> str:
        return "PostgreSQL" if self.server else "SQLite"

    def use(self, name: str) -> bool:
        """Let the product work on the database ``name``; returns whether it was made now."""
        from django.db import connections

        fresh = False
        if name not in self._open:
            fresh = self._make(name)
            self._open[name] = self._connect(name)
            if not fresh:
                migrate()
        if connections["default"] is not self._open[name]:
            connections["default"] = self._open[name]
        return fresh

    def environment(self, name: str) -> dict[str, str]:
        """What another process needs to work on the database ``name``."""
        if self.server:
            url = f"{self.server.rpartition('/')[0]}/{self._address(name)}"
        else:
            url = f"sqlite:///{self._address(name)}"
        return {**os.environ, "DATA_DIR": str(self.folder), "DATABASE_URL": url}

    def close(self) -> None:
        """Close every database; remove what was made for this run alone."""
        for wrapper in self._open.values():
            wrapper.close()
        if self.keep:
            return
        for name in (EMPTY, *self._open) if self.server else ():
            self._administer(f'DROP DATABASE IF EXISTS "{self._address(name)}" WITH (FORCE)')

    def _address(self, name: str) -> str:
        if not self.server:
            return str(self.folder / name / "selflearn.sqlite3")
        mark = "" if self.keep else f"_{os.getpid()}"
        return DATABASE.format(name=name) + mark

    def _connect(self, name: str) -> BaseDatabaseWrapper:
        from django.db import connections

        wrapper = connections.create_connection("default")
        wrapper.settings_dict = {**wrapper.settings_dict, "NAME": self._address(name)}
        connections["default"] = wrapper
        return wrapper

    def _exists(self, name: str) -> bool:
        if not self.server:
            return Path(self._address(name)).exists()
        found = "SELECT 1 FROM pg_database WHERE datname = %s"
        return bool(self._administer(found, [self._address(name)]))

    def _make(self, name: str) -> bool:
        """Make a database where there is none; whether there was none."""
        if self._exists(name):
            return False
        if not self._exists(EMPTY):
            self._copy("", EMPTY)
            wrapper = self._connect(EMPTY)
            migrate()
            wrapper.close()
        self._copy(EMPTY, name)
        return True

    def _copy(self, model: str, name: str) -> None:
        """A database like another; without a model one without tables."""
        if self.server:
            like = f' TEMPLATE "{self._address(model)}"' if model else ""
            self._administer(f'CREATE DATABASE "{self._address(name)}"{like}')
            return
        file = Path(self._address(name))
        file.parent.mkdir(parents=True, exist_ok=True)
        if model:
            shutil.copyfile(self._address(model), file)

    def _administer(self, sql: str, values: list | None = None) -> list:
        import psycopg

        with psycopg.connect(self.server, autocommit=True) as server:
            cursor = server.execute(sql, values)
            return cursor.fetchall() if cursor.description else []


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Ground]:
    """Set the product up on databases of the run's own, and clear up at the end."""
    folder = arguments.data or Path(tempfile.mkdtemp(prefix="benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    server = arguments.database
    if server != "sqlite" and server.count("/") < 3:
        server += "/postgres"
    os.environ["DATA_DIR"] = str(folder)
    os.environ["DATABASE_URL"] = "" if server == "sqlite" else server
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "selflearn.settings")
    import django

    django.setup()
    ground = Ground(server, folder, arguments.data is not None)
    try:
        yield ground
    finally:
        ground.close()
        if not arguments.data:
            shutil.rmtree(folder, ignore_errors=True)
