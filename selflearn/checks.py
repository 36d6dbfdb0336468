"""System checks: what is wrong with the settings, and how to correct it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import DatabaseError, connections

from selflearn.environment import SHORTEST_KEY

BUSY_MS = 5000
FULL = 2
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", ".localhost", "testserver"})
Apps = Sequence[AppConfig] | None


def _error(number: int, message: str, hint: str) -> Error:
    return Error(message, hint=hint, id=f"selflearn.E{number:03d}")


@register(Tags.security)
def settings_check(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """Settings that contradict each other or open the site to strangers."""
    messages: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < SHORTEST_KEY:
        messages.append(
            _error(
                6,
                f"SECRET_KEY has fewer than {SHORTEST_KEY} characters.",
                "Unset it to have one created in DATA_DIR, or set a long random one.",
            )
        )
    public = sorted(set(settings.ALLOWED_HOSTS) - LOCAL_HOSTS)
    if settings.DEBUG and public:
        messages.append(
            _error(
                7,
                f"DEBUG is on while ALLOWED_HOSTS names {', '.join(public)}.",
                "DEBUG shows settings and data to visitors: unset it, or serve this machine only.",
            )
        )
    if settings.PRODUCTION and "*" in settings.ALLOWED_HOSTS:
        messages.append(
            _error(
                8,
                "ALLOWED_HOSTS is '*' in production.",
                "Name the hosts that visitors type, such as ALLOWED_HOSTS=bot.example.org.",
            )
        )
    if settings.PRODUCTION and not public:
        messages.append(
            Caution(
                "ALLOWED_HOSTS names this machine only, in production.",
                hint="Name the hosts that visitors type: ALLOWED_HOSTS=bot.example.org.",
                id="selflearn.W011",
            )
        )
    if settings.PRODUCTION and settings.SIMULATION:
        messages.append(
            _error(
                9,
                "SIMULATION, which lets a client move the clock, is on in production.",
                "Unset SIMULATION or PRODUCTION.",
            )
        )
    return messages


@register()
def data_directory_check(app_configs: Apps, **kwargs: Any) -> list[CheckMessage]:
    """DATA_DIR must be a directory in which files can be created."""
    folder = Path(settings.DATA_DIR)
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return []
    reason = "is not writable" if folder.is_dir() else "is not a directory"
    return [
        _error(
            5,
            f"DATA_DIR {folder} {reason}.",
            "Point DATA_DIR at a directory that belongs to the user who runs this.",
        )
    ]


@register(Tags.database)
def database_check(
    app_configs: Apps, databases: Iterable[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Open each named database; on SQLite, read back the settings of its connections."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        try:
            connection.ensure_connection()
            if connection.vendor == "sqlite":
                messages += _sqlite(alias)
        except DatabaseError as error:
            messages.append(
                _error(
                    10,
                    f"The database {alias!r} cannot be used: {_first_line(error)}.",
                    "Check DATABASE_URL, that the server runs, or that the file is whole.",
                )
            )
    return messages


def _sqlite(alias: str) -> list[CheckMessage]:
    connection = connections[alias]
    options = "Set it in DATABASES[...]['OPTIONS'] of selflearn/settings.py: "
    messages: list[CheckMessage] = []
    if connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        messages.append(
            _error(
                1,
                f"Transactions of {alias!r} do not begin IMMEDIATE: under load most writes fail.",
                options + "'transaction_mode': 'IMMEDIATE'.",
            )
        )
    journal, busy, synchronous = (
        _pragma(alias, name) for name in ("journal_mode", "busy_timeout", "synchronous")
    )
    if journal != "wal":
        messages.append(
            _error(
                2,
                f"journal_mode of {alias!r} is {journal!r}, not 'wal': readers block the writer.",
                options + "'init_command': 'PRAGMA journal_mode=WAL; ...'. It must be a file on "
                "a local disk: WAL works neither in memory nor on a network share.",
            )
        )
    if int(busy) < BUSY_MS:
        messages.append(
            _error(
                3,
                f"busy_timeout of {alias!r} is {busy} ms, less than {BUSY_MS}: writers give up.",
                options + "'timeout': 20 (seconds).",
            )
        )
    if int(synchronous) < FULL:
        messages.append(
            _error(
                4,
                f"synchronous of {alias!r} is {synchronous}, not FULL: a power cut loses trades.",
                options + "'init_command': '... PRAGMA synchronous=FULL;'.",
            )
        )
    return messages


def _pragma(alias: str, name: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
