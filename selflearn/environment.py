"""Strict readers of environment variables: a bad value is one clear line naming the variable.

django-environ parses the addresses of the database and the mail server. Its casts of plain values
are not used: they take a misspelt switch for "off", follow values that begin with a ``$``, and
do not name the variable of a bad number.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SHORTEST_KEY = 50  # characters

_env = environ.Env()


def load(file: Path) -> None:
    """Read an optional file of ``NAME=value`` lines; what the environment already says wins."""
    if file.is_file():
        _env.read_env(file)


def flag(name: str, *, default: bool = False) -> bool:
    """Read a switch."""
    given = text(name)
    if not given:
        return default
    word = given.lower()
    if word not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be 1 or 0 (also true or false), not {given!r}")
    return word in TRUE


def text(name: str) -> str:
    """Read a plain text; absent is empty."""
    return os.environ.get(name, "").strip()


def level(name: str, *, default: str) -> str:
    """Read a level of the log."""
    word = text(name).upper() or default
    if word not in LEVELS:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(LEVELS)}, not {word!r}")
    return word


def whole(name: str, *, default: int, low: int, high: int) -> int:
    """Read an integer within bounds, both included."""
    number = text(name)
    if not number:
        return default
    if not number.isdecimal() or not low <= int(number) <= high:
        raise ImproperlyConfigured(f"{name} must be a whole number {low} to {high}, not {number!r}")
    return int(number)


def words(name: str, *, default: tuple[str, ...] = ()) -> list[str]:
    """Read a comma-separated list; empty items are dropped, an empty list is the default."""
    items = [item.strip() for item in text(name).split(",") if item.strip()]
    return items or list(default)


def hosts(name: str, *, default: tuple[str, ...]) -> list[str]:
    """Read host names as Django wants them: no scheme, no port, no path."""
    names = words(name, default=default)
    for host in names:
        bare = host.startswith("[") and host.endswith("]")
        if "/" in host or " " in host or (":" in host and not bare):
            raise ImproperlyConfigured(
                f"{name} takes host names without scheme, port or path, not {host!r}"
            )
    return names


def origins(name: str) -> list[str]:
    """Read origins such as https://bot.example.org."""
    values = words(name)
    for origin in values:
        scheme, separator, rest = origin.partition("://")
        if scheme not in ("http", "https") or not separator or not rest or "/" in rest:
            raise ImproperlyConfigured(
                f"{name} takes origins such as https://bot.example.org, not {origin!r}"
            )
    return values


def base_url(name: str) -> str:
    """Read the address of a site, https://bot.example.org or with a path, without a / at its end;
    absent is empty."""
    given = text(name).rstrip("/")
    scheme, separator, rest = given.partition("://")
    if given and (scheme not in ("http", "https") or not separator or not rest):
        raise ImproperlyConfigured(
            f"{name} takes an address such as https://bot.example.org, not {given!r}"
        )
    return given


def folder(name: str, *, default: Path) -> Path:
    """Read a directory; a relative one lies beside manage.py. Makes it, for the owner alone."""
    given = text(name)
    path = default.parent / Path(given).expanduser() if given else default
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}: cannot make the directory {path} ({error.strerror})"
        ) from None
    return path


def database(name: str, *, default: Path) -> dict[str, Any]:
    """Read a database address: sqlite:///file, sqlite:////absolute/file or postgres://...

    A relative file lies where the default one does, wherever the command is started.
    """
    url = text(name)
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default)}
    scheme = url.partition("://")[0]
    if scheme not in ("sqlite", "postgres", "postgresql"):
        # The address itself may hold a password: only its scheme is shown.
        raise ImproperlyConfigured(
            f"{name} must start with sqlite:/// or postgres://, not {scheme[:20]!r}"
        )
    try:
        parsed: dict[str, Any] = _env.db_url_config(url)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a valid {scheme} address") from None
    if not parsed.get("NAME"):
        raise ImproperlyConfigured(f"{name} names no database: {scheme}://.../NAME")
    if scheme == "sqlite":
        parsed = {"ENGINE": parsed["ENGINE"], "NAME": str(default.parent / parsed["NAME"])}
    return parsed


def email(name: str, *, default: str) -> dict[str, Any]:
    """Read the address of the mail server as Django's EMAIL_* settings."""
    url = text(name) or default
    scheme = url.partition("://")[0]
    if scheme not in environ.Env.EMAIL_SCHEMES:
        raise ImproperlyConfigured(
            f"{name} must start with smtp://, smtp+tls:// or consolemail://, not {scheme[:20]!r}"
        )
    try:
        parsed: dict[str, Any] = _env.email_url_config(url)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a valid {scheme} address") from None
    return {setting: value for setting, value in parsed.items() if value is not None}


def secret_key(name: str, *, file: Path) -> str:
    """Read the secret key, else return the one kept in ``file``, which is written once however
    many processes ask at the same time."""
    if given := text(name):
        return given
    try:
        if not file.exists():
            _write_key(file)
        key = file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is not set and {file} cannot be used ({error.strerror})"
        ) from None
    if len(key) < SHORTEST_KEY:
        raise ImproperlyConfigured(
            f"{name}: {file} holds fewer than {SHORTEST_KEY} characters; "
            "delete the file to have a new key written (everyone has to log in again)"
        )
    return key


def _write_key(file: Path) -> None:
    """Write a whole file, then link it to its name: the first link wins, readers see no half."""
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_urlsafe(64) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        except OSError:
            # Some mounted file systems know no hard links; a rename is whole too.
            draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
