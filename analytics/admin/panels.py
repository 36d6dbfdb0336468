"""Parts of trading's pages: replay fidelity, counterfactuals, market regime at entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from analytics.insights import regimes
from analytics.models import Run
from analytics.reports import setup_text
from analytics.research import counterfactual, trust
from trading import clock, formatting
from trading.admin import panels
from trading.admin.strategy_page import StrategyPage
from trading.formatting import Cell
from trading.parameters.outcomes import Outcome

from .research import fidelity_rows, rows

if TYPE_CHECKING:
    from analytics.frames.reports import Trade

VIEW, START = "analytics.view_run", "analytics.add_run"
NO_REGIME = "There are no candles before the entry, and too few trades to estimate volatility."


def fidelity(page: StrategyPage) -> panels.Part | None:
    """The replay fidelity of the strategy, for users who may view backtests."""
    user = page.request.user
    if page.rules is None or not page.rules.replayable or not user.has_perm(VIEW):
        return None
    return {
        "template": "analytics/_fidelity_card.html",
        "may_start": user.has_perm(START),
        "fidelity": fidelity_rows.note(trust.trust(page.instance), page.instance),
        "instance": page.instance.pk,
    }


def counterfactuals(page: StrategyPage, outcomes: Sequence[Outcome]) -> dict[int, panels.Part]:
    """By version: what the values before each change would have made since, or why not."""
    user = page.request.user
    if page.rules is None or not page.rules.replayable or not user.has_perm(VIEW):
        return {}
    verdict, runs = trust.trust(page.instance), counterfactual.newest(page.instance)
    parts: dict[int, panels.Part] = {}
    for outcome in outcomes:
        version = outcome.after.version
        if outcome.compared is None:
            continue
        run = runs.get(version)
        if run is None and not verdict.trusted and not outcome.trades_after:
            continue
        parts[version] = {
            "template": "analytics/_counterfactual.html",
            "instance": page.instance.pk,
            "version": version,
            "before": outcome.compared.version,
            "run": run,
            "result": _result(run) if run and run.state == Run.State.DONE else None,
            "url": rows.url(run) if run else "",
            "why_not": "" if verdict.trusted else counterfactual.why_not(verdict),
            "may_start": verdict.trusted and user.has_perm(START),
        }
    return parts


def _result(run: Run) -> dict[str, Any]:
    result = run.summary["shadow"]
    interval = (
        f", 90% CI {result['low']:+.3f} to {result['high']:+.3f}"
        if result["low"] is not None
        else ", no interval yet"
    )
    return {
        "new": formatting.result(result["new"]),
        "old": formatting.result(result["old"]),
        "effect": f"{result['effect'] + 0.0:+.3f} pp per day{interval}",
        "days": result["days"],
        "until": formatting.minute(clock.from_epoch(result["until"])).text,
        "new_trades": f"{result['new_trades']:,}",
        "old_trades": f"{result['old_trades']:,}",
        "gap": f"{result['gap'] + 0.0:+.4f}",
    }


def market_regime(trade: Trade) -> panels.Part | None:
    """The market regime when a trade was entered; None where nothing is known of it."""
    book = trade.book
    regime = regimes.of_trade(
        book.instance_id, book.mode, book.market.name, trade.entry_at, trade.exit_at
    )
    if regime is None:
        return None
    volatility, session, adx = regime
    unknown = formatting.nothing(NO_REGIME)
    return {
        "template": "analytics/_market_regime.html",
        "facts": [
            ("Volatility", Cell(setup_text.label(volatility)) if volatility else unknown),
            ("Session (UTC)", Cell(setup_text.label(session))),
            ("ADX(28)", unknown if adx is None else Cell(f"{adx:.0f}", "number")),
        ],
    }


panels.on_trade.append(market_regime)
panels.on_parameters.append(fidelity)
panels.on_changes.append(counterfactuals)
