"""The first user, so that somebody can log in."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

# Without letters and digits that are easily confused.
ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 20


def create_admin() -> str | None:
    """Create the user ``admin`` where there is no user; return its password, kept nowhere."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    try:
        with transaction.atomic():
            users.create_superuser("admin", password=password)
    except IntegrityError:
        # Another process was first, and showed its password.
        return None
    return password
