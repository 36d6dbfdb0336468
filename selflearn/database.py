"""The state of the database: pending migrations, size, integrity."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor


def place() -> str:
    """The name of the database for people, without its password."""
    config = connection.settings_dict
    if connection.vendor == "sqlite":
        return str(config["NAME"])
    return f"{config['NAME']} on {config['HOST'] or 'the local server'}"


def pending() -> int:
    """How many migrations are to be applied.

    Raises CommandError with one sentence when the database cannot be opened, is damaged, or was
    written by a newer version of the program.
    """
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        _refuse_newer(executor)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except (DatabaseError, MigrationSchemaMissing) as error:
        raise unusable(error) from error


def upgrade() -> int:
    """Apply pending migrations; return how many."""
    count = pending()
    if count:
        try:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        except DatabaseError as error:
            raise unusable(error) from error
    return count


def size() -> int:
    """Size of the database in bytes."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        else:
            cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def examine(as_of: datetime) -> dict[str, Any]:
    """The nightly job: check the integrity of the file; return the size of the database.

    Raises DatabaseError where SQLite finds damage. PostgreSQL checks its own pages.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(5)")
            lines = [line for row in cursor.fetchall() for line in row[0].splitlines()]
        if lines != ["ok"]:
            damage = "; ".join(line for line in lines if not line.startswith("***"))
            raise DatabaseError(f"the database is damaged, restore a backup: {damage}")
    return {"bytes": size()}


def unusable(error: Exception) -> CommandError:
    """A database error as one sentence that says what to do."""
    lines = str(error).strip().splitlines()
    reason = lines[0].rstrip(".") if lines else type(error).__name__
    if connection.vendor == "sqlite":
        advice = "restore a backup, or name another file with DATABASE_URL or DATA_DIR"
    else:
        advice = "check DATABASE_URL and that the server runs"
    return CommandError(f"the database {place()} cannot be used: {reason}; {advice}")


def _refuse_newer(executor: MigrationExecutor) -> None:
    """Raise CommandError where a newer program migrated: this one would write unreadable rows."""
    loader = executor.loader
    ours = set(loader.migrated_apps)
    unknown = sorted(
        f"{app}.{name}"
        for app, name in loader.applied_migrations
        if app in ours and (app, name) not in loader.disk_migrations
    )
    if unknown:
        raise CommandError(
            f"the database {place()} was written by a newer version ({unknown[-1]}): update this "
            f"program, or name another file with DATABASE_URL or DATA_DIR ({settings.DATA_DIR})"
        )
