"""What replays say on the pages of a strategy: whether they are trusted, and what the old values
would have done since a change; and what the market was like at a trade's entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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

SEE, ASK = "analytics.view_run", "analytics.add_run"


def trusted(page: StrategyPage) -> dict[str, Any] | None:
    """Whether replays of the strategy deserve belief; for who may see replays."""
    user = page.request.user
    if page.rules is None or not page.rules.replayable or not user.has_perm(SEE):
        return None
    return {
        "template": "analytics/_trust_card.html",
        "may_ask": user.has_perm(ASK),
        "trust": fidelity_rows.note(trust.trust(page.instance), page.instance),
        "instance": page.instance.pk,
    }


def shadows(page: StrategyPage, outcomes: Sequence[Outcome]) -> dict[int, dict[str, Any]]:
    """What the values before each change would have done since, or why that is not told."""
    user = page.request.user
    if page.rules is None or not page.rules.replayable or not user.has_perm(SEE):
        return {}
    said, made = trust.trust(page.instance), counterfactual.newest(page.instance)
    found = {}
    for outcome in outcomes:
        version = outcome.after.version
        if outcome.compared is None:
            continue
        run = made.get(version)
        if run is None and not said.trusted and not outcome.trades_after:
            continue
        found[version] = {
            "template": "analytics/_shadow.html",
            "instance": page.instance.pk,
            "version": version,
            "before": outcome.compared.version,
            "run": run,
            "told": _told(run) if run and run.state == Run.State.DONE else None,
            "url": rows.url(run) if run else "",
            "why_not": "" if said.trusted else counterfactual.why_not(said),
            "may_ask": said.trusted and user.has_perm(ASK),
        }
    return found


def _told(run: Run) -> dict[str, Any]:
    found = run.summary["shadow"]
    between = (
        f", 90 % interval {found['low']:+.3f} to {found['high']:+.3f}"
        if found["low"] is not None
        else ", no interval yet"
    )
    return {
        **{name: formatting.result(found[name]) for name in ("new", "old")},
        "effect": f"{found['effect'] + 0.0:+.3f} percentage points a day{between}",
        "days": found["days"],
        "until": f"{clock.from_epoch(found['until']):%Y-%m-%d %H:%M}",
        "new_trades": f"{found['new_trades']:,}",
        "old_trades": f"{found['old_trades']:,}",
        "gap": f"{found['gap'] + 0.0:+.4f}",
    }


def market_then(trade: Any) -> dict[str, Any] | None:
    """What the market was like when a trade was entered."""
    book = trade.book
    found = regimes.of_trade(
        book.instance_id, book.mode, book.market.name, trade.entry_at, trade.exit_at
    )
    if found is None:
        return None
    regime, session, adx = found
    unknown = "No candles of the time before it are stored, and too few trades say how it moved."
    return {
        "template": "analytics/_market_then.html",
        "facts": [
            (
                "Volatility",
                Cell(setup_text.label(regime)) if regime else formatting.nothing(unknown),
            ),
            ("Session (UTC)", Cell(setup_text.label(session))),
            (
                "ADX(28), weak context",
                formatting.nothing(unknown) if adx is None else Cell(f"{adx:.0f}", "number"),
            ),
        ],
    }


panels.on_trade.append(market_then)
panels.on_parameters.append(trusted)
panels.on_changes.append(shadows)
