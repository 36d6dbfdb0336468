"""API tokens of bots: created once, shown once, stored as a digest."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q, QuerySet

from trading import clock
from trading.db.best_effort import note
from trading.models import Bot, BotToken

MARK = "sl_"
SHOWN = 9  # characters of a token that are kept readable, to tell tokens apart
LONGEST = 128  # characters of a text that is worth looking up
SEEN_EVERY = timedelta(minutes=1)  # limits the writes of a bot that polls


class Refused(ValueError):
    """A token that cannot be made; the text says why."""


def issue(bot: Bot, scope: str, expires_at: datetime | None = None) -> tuple[BotToken, str]:
    """Create a token. Returns the row and the secret, which is not stored.

    Raises Refused for an unknown scope and for an expiry that has passed.
    """
    if scope not in BotToken.Scope.values:
        raise Refused(f"there is no scope {scope!r}; use one of {', '.join(BotToken.Scope.values)}")
    if expires_at is not None and expires_at <= clock.now():
        raise Refused("the expiry has passed already")
    secret = MARK + secrets.token_urlsafe(32)
    token = BotToken.objects.create(
        bot=bot, scope=scope, expires_at=expires_at, prefix=secret[:SHOWN], digest=digest(secret)
    )
    return token, secret


def verify(secret: str) -> BotToken | None:
    """The token behind a text, with its bot; None for an unknown, expired or revoked one.

    Safe against timing attacks: the lookup uses a digest, which an attacker cannot choose.
    """
    if len(secret) > LONGEST:
        return None
    now = clock.now()
    token = BotToken.objects.select_related("bot").filter(digest=digest(secret)).first()
    if token is None or not usable(token, now):
        return None
    _seen(token, now)
    return token


def usable(token: BotToken, now: datetime) -> bool:
    """Neither revoked nor expired."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def revoke(tokens: QuerySet[BotToken]) -> int:
    """Revoke tokens; already revoked ones keep their time. Returns how many were revoked."""
    return tokens.filter(revoked_at=None).update(revoked_at=clock.now())


def digest(secret: str) -> str:
    """SHA-256 in hex; 256 random bits need neither salt nor a slow hash."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _seen(token: BotToken, now: datetime) -> None:
    before = now - SEEN_EVERY
    if token.last_used_at is None or token.last_used_at <= before:
        due = Q(last_used_at=None) | Q(last_used_at__lte=before)
        note(BotToken.objects.filter(due, pk=token.pk), last_used_at=now)
        token.last_used_at = now
