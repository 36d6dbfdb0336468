"""The lock of a bot: one transaction at a time writes its trades."""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, connection

from trading.db import bulk


def lock_bot(bot_id: int) -> None:
    """Let one transaction at a time write a bot's trades (SQLite has one writer anyway).

    Raises IntegrityError where the bot was deleted meanwhile.
    """
    ask_bot_lock(bot_id)()


def ask_bot_lock(bot_id: int) -> Callable[[], None]:
    """The same, waited for when it is called; ``bulk.ask``."""
    row = "SELECT 1 FROM trading_bot WHERE id = %s"
    if connection.features.has_select_for_update:
        row += " FOR NO KEY UPDATE"
    asked = bulk.ask(row, [bot_id])

    def wait() -> None:
        if not asked():
            raise IntegrityError("the bot was deleted")

    return wait
