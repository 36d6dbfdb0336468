"""The context of a trade's page."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from trading import clock, formatting
from trading.admin import panels
from trading.bots.catalog import declaration
from trading.db import keyset
from trading.db.keyset import Condition, Listing
from trading.formatting import Cell
from trading.ingest.trade_schema import EXPLAINED
from trading.models import Book, ParameterSet, Trade, TradeContext
from trading.strategies.base import Feature, Strategy
from trading.strategies.common import COMMON_CONTEXT

from .filters import KEY

BESIDE = 5


def page_context(trade: Trade) -> dict[str, Any]:
    """The page's context except the neighbouring trades."""
    strategy = declaration(trade.book.instance)
    return {
        "trade": trade,
        "headline": _headline(trade),
        "facts": _facts(trade),
        "flag": _flag(trade),
        "contexts": _contexts(trade, strategy),
        "parameters": _parameters(trade, strategy),
        "parts": panels.trade(trade),
        "revisions": list(trade.revisions.order_by("-revision")[:20]),
    }


def neighbours(trade: Trade) -> list[Trade]:
    """The trade with the trades of the same strategy just before and after it, newest first."""
    books = Book.objects.filter(instance=trade.book.instance_id).values_list("pk", flat=True)
    listing = Listing(
        Trade._meta.db_table, KEY, tuple((Condition("book_id = %s", (book,)),) for book in books)
    )
    here = (clock.to_micros(trade.exit_at), trade.pk)
    newer, older = keyset.beside(listing, here, BESIDE)
    ids = [key[1] for key in (*newer, here, *older)]
    trades = (
        Trade.objects.select_related("book__instance__bot", "book__market", "parameter_set")
        .order_by()
        .in_bulk(ids)
    )
    return [trades[pk] for pk in ids if pk in trades]


def risk(trade: Trade) -> float | None:
    """R: the result in units of the initial risk. None without a stop, or at zero distance."""
    if trade.stop_loss is None:
        return None
    distance = abs(float(trade.entry_price - trade.stop_loss)) / float(trade.entry_price) * 100
    return trade.pnl_pct / distance if distance else None


def _headline(trade: Trade) -> list[tuple[str, Cell]]:
    why = "The bot reported no initial stop, so the risk is unknown"
    held = (trade.exit_at - trade.entry_at).total_seconds()
    return [
        ("PnL %", formatting.result(trade.pnl_pct)),
        ("PnL", formatting.money(trade.pnl, trade.book.currency)),
        ("R (result / initial risk)", formatting.result(risk(trade), "R", 2, why)),
        ("Held", Cell(formatting.duration(held), "number")),
    ]


def _facts(trade: Trade) -> list[tuple[str, Cell]]:
    book = trade.book
    instance = reverse("admin:trading_strategyinstance_change", args=[book.instance_id])
    facts = [
        ("Trade ID", Cell(trade.external_id, "code")),
        ("Bot", Cell(book.instance.bot.name)),
        ("Strategy", Cell(book.instance.name, "text", "", instance)),
        ("Market", Cell(book.market.name)),
        ("Mode", Cell("live" if book.mode == "live" else "paper")),
        ("Side", Cell(trade.side)),
        ("Size", formatting.amount(trade.size)),
        ("Entry", formatting.moment(trade.entry_at)),
        ("Entry price", formatting.amount(trade.entry_price)),
        ("Exit", formatting.moment(trade.exit_at)),
        ("Exit price", formatting.amount(trade.exit_price)),
        ("Exit reason", Cell(trade.exit_reason)),
        ("Initial stop", formatting.amount(trade.stop_loss, "Not reported")),
        ("Fee", _fee(trade)),
        ("Leverage", formatting.amount(trade.leverage, "Not reported")),
        ("Experiment arm", Cell(trade.arm) if trade.arm else formatting.nothing("None")),
        ("Tag", Cell(trade.tag) if trade.tag else formatting.nothing("None")),
        ("Revision", formatting.count(trade.revision)),
        ("Stored", formatting.moment(trade.stored_at)),
    ]
    return facts


def _fee(trade: Trade) -> Cell:
    if trade.fee is None:
        return formatting.nothing("Not reported")
    return Cell(f"{formatting.amount(trade.fee).text} {trade.book.currency}", "number")


def _flag(trade: Trade) -> str:
    """Why a trade is flagged, with the numbers that do not match."""
    if not trade.flagged:
        return ""
    direction = 1 if trade.side == "long" else -1
    entry, size = float(trade.entry_price), float(trade.size)
    gross = direction * (float(trade.exit_price) - entry) / entry * 100
    fees = float(trade.fee or 0) / (entry * size) * 100
    fee_text = "no fee reported" if trade.fee is None else f"fees explain {fees:.3f} of it"
    return (
        f"The bot reported {trade.pnl_pct:+.3f}%, but the prices give {gross:+.3f}% "
        f"({fee_text}). More than {EXPLAINED} percentage points are unexplained. The reported "
        "result is used; check how the bot computes it."
    )


def _contexts(trade: Trade, strategy: Strategy | None) -> list[dict[str, Any]]:
    context: TradeContext | None = getattr(trade, "context", None)
    if context is None:
        return []
    common = [
        _row(feature, getattr(context, feature.name))
        for feature in COMMON_CONTEXT
        if getattr(context, feature.name) not in (None, "")
    ]
    declared = {feature.name: feature for feature in strategy.features} if strategy else {}
    own = [
        _row(declared[name], context.features[name])
        for name in declared
        if name in context.features
    ]
    rest = {
        **{name: raw for name, raw in context.features.items() if name not in declared},
        **context.other,
    }
    others = [
        {"label": name, "value": formatting.value(raw), "help": ""}
        for name, raw in sorted(rest.items())
    ]
    title = strategy.title if strategy else trade.book.instance.strategy
    parts = [
        {"title": "Market and trade", "rows": common},
        {"title": f"Features of {title}", "rows": own},
        {"title": "Extra fields", "rows": others},
    ]
    return [part for part in parts if part["rows"]]


def _row(feature: Feature, raw: object) -> dict[str, str]:
    when = "" if feature.at == "entry" else " Known at exit."
    return {
        "label": formatting.label(feature.name),
        "value": formatting.value(raw, feature.unit),
        "help": feature.help + when,
    }


def _parameters(trade: Trade, strategy: Strategy | None) -> dict[str, Any]:
    version = trade.parameter_set
    if version is None:
        return {"set": None, "why": _why_unknown(trade)}
    return {
        "set": version,
        "url": reverse("admin:trading_parameterset_change", args=[version.pk]),
        "reported": trade.reported_version is not None,
        "groups": parameter_groups(version, strategy),
    }


def parameter_groups(version: ParameterSet, strategy: Strategy | None) -> list[dict[str, Any]]:
    """The values of a version in the groups of its strategy; removed parameters come last."""
    if strategy is None:
        return [
            {"title": "Values", "rows": [_plain(name, raw) for name, raw in version.values.items()]}
        ]
    groups = [{"key": group.key, "title": group.label, "rows": []} for group in strategy.groups]
    other: dict[str, Any] = {"key": "", "title": "Other", "rows": []}
    by_key = {group["key"]: group for group in groups}
    declared = {parameter.name: parameter for parameter in strategy.parameters}
    for name, raw in version.values.items():
        parameter = declared.get(name)
        row = _plain(name, raw)
        if parameter:
            row = {
                "name": name,
                "label": formatting.label(name),
                "value": formatting.setting(raw, parameter.unit),
                "help": parameter.help,
                "changed": raw != parameter.default,
            }
        by_key.get(parameter.group if parameter else "", other)["rows"].append(row)
    return [group for group in (*groups, other) if group["rows"]]


def _plain(name: str, raw: object) -> dict[str, Any]:
    return {
        "name": name,
        "label": formatting.label(name),
        "value": formatting.value(raw),
        "help": "",
        "changed": False,
    }


def _why_unknown(trade: Trade) -> str:
    if trade.reported_version is not None:
        return f"The bot reported version {trade.reported_version}, which does not exist here."
    first = trade.book.instance.live_periods.order_by("live_from").first()
    if first is None:
        return "The bot reported no version, and no parameters have been live yet."
    return (
        "The bot reported no version, and the trade was entered before the first known version "
        f"went live ({formatting.minute(first.live_from).text})."
    )
