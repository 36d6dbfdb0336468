"""What an empty database needs before anyone can log in."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

# Without the letters and digits that are easily taken for one another.
ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 20


def create_admin() -> str | None:
    """Make the user ``admin`` where there is no user at all; return its password, kept nowhere."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    try:
        with transaction.atomic():
            users.create_superuser("admin", password=password)
    except IntegrityError:
        # Another process was first; it has shown its password.
        return None
    return password
