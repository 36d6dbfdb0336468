"""The kill switch: while a bot's parameters are frozen, none of them changes, whoever asks."""

from __future__ import annotations

from django.db import transaction

from trading import clock
from trading.db import locks
from trading.models import Bot, Freeze, Status, StrategyInstance
from trading.parameters import errors
from trading.parameters.errors import Frozen, Refused


def freeze(*, bot: Bot, frozen: bool, reason: str, author=None) -> Freeze:
    """Freeze a bot's parameters (``frozen``), or let them change again; answers the freeze.

    While it holds no pointer moves: promotions and rollbacks are refused. A strategy that is seen
    for the first time still starts with its defaults, and what was live in the past may still be
    recorded. Raises Refused where they are frozen, or not frozen, already.
    """
    reason = errors.reason(reason)
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        holds = freeze_of(bot)
        if frozen and holds:
            raise Refused({"frozen": [_since(holds)]})
        if not frozen and not holds:
            raise Refused({"frozen": [f"The parameters of {bot} are not frozen."]})
        if holds is None:
            return Freeze.objects.create(
                bot=bot, reason=reason, frozen_by=author, frozen_at=clock.now()
            )
        holds.lifted_at, holds.lifted_by, holds.lift_reason = clock.now(), author, reason
        holds.save()
    return holds


def freeze_of(bot: Bot) -> Freeze | None:
    """The freeze that holds for a bot's parameters now."""
    return Freeze.objects.filter(bot=bot, lifted_at=None).select_related("bot", "frozen_by").first()


def check_thawed(instance: StrategyInstance) -> None:
    """Raises Frozen while no parameter of an instance, or of its whole bot, may change."""
    holds = freeze_of(instance.bot)
    if holds:
        raise Frozen({"frozen": [_since(holds)]})
    if StrategyInstance.objects.filter(pk=instance.pk, status=Status.FROZEN).exists():
        raise Frozen({"frozen": [f"{instance} is frozen: no parameter of it may change."]})


def _since(holds: Freeze) -> str:
    by = f" by {holds.frozen_by.get_username()}" if holds.frozen_by else ""
    since = f"{holds.frozen_at:%Y-%m-%d %H:%M} UTC"
    return f"The parameters of {holds.bot} are frozen since {since}{by}: {holds.reason}"
