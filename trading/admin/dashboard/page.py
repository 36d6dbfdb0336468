"""The dashboard: results per strategy, open positions, and what needs attention."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from trading import formatting, performance
from trading.admin import unattributed
from trading.admin.trades.filters import FLAGGED, KEY
from trading.admin.trades.trades import RELATED, without
from trading.db import keyset
from trading.db.keyset import Condition, Listing
from trading.models import Book, Bot, Mode, Position, StrategyInstance, Trade
from trading.performance import selection
from trading.performance.selection import Selection

from .rows import COLUMNS, curve_data, strategy_rows

TRADE_COLUMNS = without("Bot")
PERIODS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days", "all": "All"}
DEFAULT_PERIOD = "30d"
NEWEST = 8
FLAGS_COUNTED = 200


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the dashboard's variables to the context."""
    context["period_options"] = PERIODS
    if not request.user.has_perm("trading.view_trade"):
        return {**context, "dashboard": "forbidden"}
    bots = list(Bot.objects.all())
    bot = _chosen(bots, request.GET.get("bot", ""))
    if bot is None:
        return {**context, "dashboard": "empty"}
    period = request.GET.get("period", DEFAULT_PERIOD)
    period = period if period in PERIODS else DEFAULT_PERIOD
    mode = _mode(bot, request.GET.get("mode"))
    since, until = selection.period(period)
    selected = Selection(bot=bot, mode=mode, since=since, until=until)
    newest, unknown = _newest(bot, mode), unattributed.number(selected)
    context |= {
        "dashboard": "full" if newest or Trade.objects.filter(bot=bot).exists() else "waiting",
        "bots": bots,
        "bot": bot,
        "period": period,
        "mode": mode,
        "links": _links(bot, period, mode),
        "recent_trades": [[column.cell(trade) for column in TRADE_COLUMNS] for trade in newest],
        "trade_columns": TRADE_COLUMNS,
        "trades_url": _trades(bot=bot.name, mode=mode),
        "stale": _stale(newest, since, bot, mode),
        "problems": _problems(bot, selected, unknown),
        "remedy": unattributed.remedy(bot) if unknown else "",
    }
    return context | _strategies(selected)


def _strategies(selected: Selection) -> dict[str, Any]:
    instances = list(StrategyInstance.objects.filter(bot=selected.bot).select_related("bot"))
    groups = performance.measure(selected, by="strategy")
    measured = {group.key or "": group.metrics for group in groups}
    curves = performance.equity(selected)
    positions = dict(
        Position.objects.filter(instance__in=instances)
        .values_list("instance")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return {
        "columns": COLUMNS,
        "strategies": strategy_rows(instances, measured, curves, positions),
        "curves": curve_data(curves),
    }


def _chosen(bots: list[Bot], name: str) -> Bot | None:
    """The requested bot, else the one that traded last, else the first."""
    for bot in bots:
        if bot.name == name:
            return bot
    newest = keyset.page(Listing(Trade._meta.db_table, KEY), 1).keys
    owner = (
        Trade.objects.filter(pk=newest[0][1]).values_list("bot_id", flat=True)[0] if newest else 0
    )
    return next((bot for bot in bots if bot.pk == owner), bots[0] if bots else None)


def _mode(bot: Bot, chosen: str | None) -> str:
    """The requested mode; else live, or paper if the bot has only paper trades."""
    if chosen in Mode.values:
        return chosen
    traded = set(Book.objects.filter(instance__bot=bot).values_list("mode", flat=True))
    return Mode.PAPER if traded == {Mode.PAPER} else Mode.LIVE


def _newest(bot: Bot, mode: str) -> list[Trade]:
    books = Book.objects.filter(instance__bot=bot, mode=mode).values_list("pk", flat=True)
    branches = tuple((Condition("book_id = %s", (book,)),) for book in books)
    newest = keyset.page(Listing(Trade._meta.db_table, KEY, branches), NEWEST)
    trades = (
        Trade.objects.select_related(*RELATED).order_by().in_bulk([key[1] for key in newest.keys])
    )
    return [trades[key[1]] for key in newest.keys if key[1] in trades]


def _links(bot: Bot, period: str, mode: str) -> dict[str, list[dict[str, Any]]]:
    def link(label: str, current: bool, **changed: str) -> dict[str, Any]:
        query = {"bot": bot.name, "period": period, "mode": mode, **changed}
        return {"label": label, "url": f"?{urlencode(query)}", "current": current}

    return {
        "periods": [link(label, key == period, period=key) for key, label in PERIODS.items()],
        "modes": [link(str(label), key == mode, mode=key) for key, label in Mode.choices],
    }


def _stale(newest: list[Trade], since: datetime | None, bot: Bot, mode: str) -> dict[str, str]:
    """The time of the newest trade, if it is older than the period."""
    if not newest or since is None or newest[0].exit_at >= since:
        return {}
    query = urlencode({"bot": bot.name, "period": "all", "mode": mode})
    return {"at": formatting.moment(newest[0].exit_at).text, "url": f"?{query}"}


def _problems(bot: Bot, selected: Selection, unknown: int) -> list[dict[str, str]]:
    """What needs attention, each with a link to the trades."""
    problems = []
    query = {"bot": bot.name, "mode": str(selected.mode)}
    flagged, more = _flagged(selected)
    if flagged:
        least = " or more" if more else ""
        text = f"{_number(flagged)}{least} flagged: result does not match the prices"
        problems.append({"text": text, "url": _trades(**query, flagged="yes")})
    if unknown:
        text = f"{_number(unknown)} with unknown parameters in this period"
        problems.append({"text": text, "url": _trades(**query, set="unknown")})
    return problems


def _flagged(selected: Selection) -> tuple[int, bool]:
    """Number of flagged trades of this bot and mode among the newest flagged ones; and whether
    there are older ones that were not counted."""
    newest = keyset.page(Listing(Trade._meta.db_table, KEY, ((FLAGGED,),)), FLAGS_COUNTED)
    books = {book.pk for book in selected.books()}
    ids = [key[1] for key in newest.keys]
    owners = Trade.objects.filter(pk__in=ids).order_by().values_list("book_id", flat=True)
    return sum(owner in books for owner in owners), newest.older is not None


def _number(count: int) -> str:
    return f"{count:,} trade{'' if count == 1 else 's'}"


def _trades(**query: str) -> str:
    return reverse("admin:trading_trade_changelist", query=query)
