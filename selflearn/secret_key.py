"""The secret key that is made on first use and kept beside the data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

SHORTEST = 50


def secret_key(file: Path) -> str:
    """Return the key kept in ``file``, made once however many processes ask at the same time."""
    try:
        if not file.exists():
            _make(file)
        key = file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"SECRET_KEY is not set and {file} cannot be used ({error.strerror})"
        ) from None
    if len(key) < SHORTEST:
        raise ImproperlyConfigured(
            f"SECRET_KEY: {file} holds fewer than {SHORTEST} characters; "
            "delete the file to have a new key made (everyone has to log in again)"
        )
    return key


def _make(file: Path) -> None:
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
