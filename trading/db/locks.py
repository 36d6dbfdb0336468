"""The lock of a bot: one transaction at a time writes its data."""

from __future__ import annotations

from django.db import IntegrityError

from trading.models import Bot


def lock_bot(bot_id: int) -> None:
    """Lock a bot's row until the transaction ends; on SQLite the transaction itself is the lock.

    Raises IntegrityError if the bot was deleted meanwhile.
    """
    bots = Bot.objects.select_for_update(no_key=True).order_by()
    if not list(bots.filter(pk=bot_id).values_list("pk")):
        raise IntegrityError("the bot was deleted")
