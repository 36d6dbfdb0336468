"""Trades with unknown parameters, and the command that attributes imported ones."""

from __future__ import annotations

import shlex

from trading.models import Bot, Scope
from trading.performance.selection import Selection
from trading.rollups import windows


def number(selection: Selection) -> int:
    """Number of trades of a selection (of one mode) without a parameter set."""
    scopes = [scope for scope in selection.scopes(Scope.Kind.SET) if scope.parameter_set_id is None]
    if not scopes:
        return 0
    window = windows.pieces(scopes, *selection.bounds)
    return int(windows.merged(window, len(scopes))["trades"].sum())


def remedy(bot: Bot) -> str:
    """The command that imports a bot's trades again with the parameters that were live."""
    name = shlex.quote(bot.name)
    return (
        f"python3 manage.py import_bot_db FILE --bot {name} --parameters PARAMETERS "
        "--valid-from TIME"
    )
