"""A replay as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analytics.models import Run
from analytics.research import filter_relaxation, funnel
from trading import clock, strategies
from trading.formatting import interval

_METRICS = (
    ("trades", "trades", "{:,}"),
    ("win_rate", "win rate", "{:.1%}"),
    ("total_pnl_pct", "total PnL %", "{:+.4f}"),
    ("avg_pnl_pct", "average PnL %", "{:+.4f}"),
    ("profit_factor", "profit factor", "{:.2f}"),
    ("max_drawdown_pct", "max drawdown %", "{:.4f}"),
    ("sharpe", "Sharpe", "{:.2f}"),
    ("sortino", "Sortino", "{:.2f}"),
    ("avg_hold_seconds", "average hold, s", "{:,.0f}"),
    ("exposure", "exposure", "{:.1%}"),
    ("trades_per_day", "trades a day", "{:.2f}"),
    ("longest_losing_streak", "longest losing streak", "{:,}"),
)
_DASH = "-"


def told(run: Run, trades: Sequence[dict[str, Any]], most: int) -> str:
    """Everything that a person wants to know first."""
    parts = [heading(run), metrics(run), why(run)]
    if most and trades:
        parts.append(table(trades[-most:]))
        if len(trades) > most:
            parts.append(f"The newest {most} of {len(trades):,} trades; --trades N shows more.")
    return "\n\n".join(parts)


def heading(run: Run) -> str:
    summary, costs = run.summary, run.costs
    start, end = (clock.from_epoch(summary[name]) for name in ("from", "to"))
    lines = [
        f"{run.strategy} on {run.market}, {run.bars:,} bars of {interval(run.interval)}, "
        f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC",
        f"Costs: fee {costs['fee_bps']:g} bps a side, spread {costs['spread_bps']:g} bps, slippage "
        f"{costs['slippage_bps']:g} bps a side ({costs['source']})",
        f"Warm-up: {summary['warmup_candles']} candles of {interval(summary['candle_seconds'])}; "
        f"gaps: {summary['gaps']}",
    ]
    if summary["raised"]:
        lines.append(
            f"Its candles were made {interval(run.interval)} long: no finer bars were given"
        )
    return "\n".join([*lines, *(f"Note: {remark}" for remark in summary["remarks"])])


def metrics(run: Run) -> str:
    held = run.summary["held"] or {}
    cost, measured = run.summary["cost_pct"], run.metrics or {}
    rows = [(label, _cell(measured[name], form)) for name, label, form in _METRICS]
    rows.append(("cost of trading %", _cell(cost, "{:.4f}")))
    rows.append(("buy and hold %", _cell(held.get("total_pnl_pct"), "{:+.4f}")))
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label.ljust(width)}  {cell}" for label, cell in rows)


def why(run: Run) -> str:
    """The funnel in words, and what other values would let it trade."""
    counts = run.funnel or {}
    filters = strategies.get(run.strategy).filters
    steps = funnel.steps(filters, counts["evaluations"], counts["blocked"])
    sentences = [funnel.sentence(counts["evaluations"], counts["signals"], steps)]
    return "\n".join(
        [*sentences, *filter_relaxation.sentences(run.summary.get("opened"), run.values)]
    )


def table(trades: Sequence[dict[str, Any]]) -> str:
    lines = [("entered (UTC)", "left (UTC)", "side", "entry", "exit", "PnL %", "reason")]
    lines += [
        (
            f"{clock.from_epoch(trade['entry_at']):%Y-%m-%d %H:%M:%S}",
            f"{clock.from_epoch(trade['exit_at']):%Y-%m-%d %H:%M:%S}",
            trade["side"],
            f"{trade['entry_price']:.8g}",
            f"{trade['exit_price']:.8g}",
            f"{trade['pnl_pct']:+.4f}",
            trade["exit_reason"],
        )
        for trade in trades
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: float | None, form: str) -> str:
    return _DASH if value is None else form.format(value)
