"""Trades whose parameters are not known, and how those that were imported get theirs."""

from __future__ import annotations

import shlex

from trading.models import Bot, Scope
from trading.performance.selection import Selection
from trading.rollups import windows


def number(wanted: Selection) -> int:
    """How many trades of a selection of one mode belong to no parameter set."""
    scopes = [scope for scope in wanted.scopes(Scope.Kind.SET) if scope.parameter_set_id is None]
    if not scopes:
        return 0
    window = windows.pieces(scopes, *wanted.bounds)
    return int(windows.merged(window, len(scopes))["trades"].sum())


def remedy(bot: Bot) -> str:
    """The command that imports the trades of a bot once more, with what was live."""
    name = shlex.quote(bot.name)
    return (
        f"python3 manage.py import_bot_db FILE --bot {name} --parameters PARAMETERS "
        "--valid-from TIME"
    )
