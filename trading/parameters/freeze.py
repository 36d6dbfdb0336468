"""The kill switch: while a bot's parameters are frozen, nothing can change them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from trading import clock
from trading.db import locks
from trading.models import Bot, Freeze, Status, StrategyInstance
from trading.parameters import errors
from trading.parameters.errors import Frozen, Refused


def freeze(*, bot: Bot, frozen: bool, reason: str, author: User | None = None) -> Freeze:
    """Freeze a bot's parameters (``frozen``), or lift the freeze; returns the freeze.

    While frozen, promotions and rollbacks are refused. A new strategy still starts with its
    defaults, and sets that were live in the past can still be recorded. Raises Refused if the
    parameters are already frozen, or already not.
    """
    reason = errors.reason(reason)
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        current = freeze_of(bot)
        if frozen and current:
            raise Refused({"frozen": [_since(current)]})
        if not frozen and not current:
            raise Refused({"frozen": [f"The parameters of {bot} are not frozen."]})
        if current is None:
            return Freeze.objects.create(
                bot=bot, reason=reason, frozen_by=author, frozen_at=clock.now()
            )
        current.lifted_at, current.lifted_by, current.lift_reason = clock.now(), author, reason
        current.save()
    return current


def freeze_of(bot: Bot) -> Freeze | None:
    """The current freeze of a bot's parameters, if any."""
    return Freeze.objects.filter(bot=bot, lifted_at=None).select_related("bot", "frozen_by").first()


def check_thawed(instance: StrategyInstance) -> None:
    """Raises Frozen while the instance, or its whole bot, is frozen."""
    current = freeze_of(instance.bot)
    if current:
        raise Frozen({"frozen": [_since(current)]})
    if StrategyInstance.objects.filter(pk=instance.pk, status=Status.FROZEN).exists():
        raise Frozen({"frozen": [f"{instance} is frozen: no parameter of it may change."]})


def _since(current: Freeze) -> str:
    by = f" by {current.frozen_by.get_username()}" if current.frozen_by else ""
    since = f"{current.frozen_at:%Y-%m-%d %H:%M} UTC"
    return f"The parameters of {current.bot} are frozen since {since}{by}: {current.reason}"
