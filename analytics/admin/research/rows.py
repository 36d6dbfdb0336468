"""What the pages of replays say, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.urls import reverse

from analytics.models import Run
from analytics.research import filter_relaxation, funnel
from analytics.research.trust import trust
from trading import clock, formatting, strategies
from trading.admin.keyset import Column
from trading.formatting import Cell

from . import fidelity_rows

PERCENT = {
    *("total_pnl_pct", "avg_pnl_pct", "median_pnl_pct", "best_pct", "worst_pct"),
    *("avg_win_pct", "avg_loss_pct"),
}
METRICS = (
    ("trades", "Trades"),
    ("win_rate", "Win rate"),
    ("total_pnl_pct", "Total PnL"),
    ("avg_pnl_pct", "Average PnL"),
    ("median_pnl_pct", "Median PnL"),
    ("profit_factor", "Profit factor"),
    ("max_drawdown_pct", "Max drawdown"),
    ("sharpe", "Sharpe"),
    ("sortino", "Sortino"),
    ("best_pct", "Best"),
    ("worst_pct", "Worst"),
    ("longest_losing_streak", "Longest losing streak"),
    ("avg_hold_seconds", "Average hold"),
    ("exposure", "Time in the market"),
    ("trades_per_day", "Trades a day"),
    ("avg_mfe_pct", "Average MFE"),
    ("avg_mae_pct", "Average MAE"),
)
TONES = {"done": "gain", "failed": "loss"}


def url(run: Run) -> str:
    return reverse("admin:analytics_run_change", args=[run.pk])


def metric(name: str, value: Any) -> Cell:
    """A metric as a page shows it; a dash where it is undefined."""
    if value is None:
        return formatting.nothing("It is not defined for these trades.")
    if name in PERCENT:
        return formatting.result(value)
    if name in ("win_rate", "exposure"):
        return Cell(f"{value:.1%}".replace("%", " %"), "number")
    if name == "avg_hold_seconds":
        return Cell(formatting.duration(value), "number")
    if name.endswith("_pct"):
        return Cell(f"{value:,.3f} %", "number")
    return Cell(f"{value:,}" if isinstance(value, int) else f"{value:,.2f}", "number")


def headline(run: Run) -> list[tuple[str, Cell]]:
    """The few numbers that are looked at first, buying and holding beside them."""
    names = ("total_pnl_pct", "trades", "win_rate", "max_drawdown_pct", "sharpe")
    labels = dict(METRICS)
    found = [(labels[name], metric(name, run.metrics[name])) for name in names]
    held = run.summary["held"]
    return [*found, ("Buy and hold", metric("total_pnl_pct", held and held["total_pnl_pct"]))]


def metrics(run: Run) -> list[tuple[str, Cell, Cell]]:
    """Every metric, with that of buying and holding where it has one."""
    held = run.summary["held"] or {}
    return [
        (
            label,
            metric(name, run.metrics[name]),
            metric(name, held[name]) if name in held else Cell(""),
        )
        for name, label in METRICS
    ]


def side_by_side(one: Run, other: Run) -> list[tuple[str, Cell, Cell, Cell]]:
    """Every metric of both, and by how much the other's is more."""
    return [
        (
            label,
            metric(name, one.metrics[name]),
            metric(name, other.metrics[name]),
            _more(name, one.metrics[name], other.metrics[name]),
        )
        for name, label in METRICS
    ]


def _more(name: str, old: float | None, new: float | None) -> Cell:
    """A difference, coloured where more is better."""
    if old is None or new is None:
        return formatting.nothing("One of them is not defined.")
    if name in ("win_rate", "exposure"):
        return Cell(f"{(new - old) * 100:+,.1f} points", "number")
    if name == "avg_hold_seconds":
        sign = "-" if new < old else "+"
        return Cell(f"{sign}{formatting.duration(abs(new - old))}", "number")
    if name in PERCENT:
        return formatting.result(round(new - old, 3) + 0.0)  # rounding is no difference
    if name.endswith("_pct"):
        return Cell(f"{new - old:+,.3f} %", "number")
    return Cell(f"{new - old:+,}" if isinstance(new, int) else f"{new - old:+,.2f}", "number")


def facts(run: Run) -> list[tuple[str, Cell]]:
    """What was asked, of what, and how it is to be read."""
    found, costs, fills = run.summary, run.costs, run.options
    start, end = (clock.from_epoch(found[name]) for name in ("from", "to"))
    cost = found["cost_pct"]
    at = "at the open of the next bar" if fills["next_open"] else "at the price that decided"
    return [
        ("Candles", Cell(f"{run.bars:,} of {formatting.interval(run.interval)}")),
        ("From (UTC)", formatting.moment(start)),
        ("To (UTC)", formatting.moment(end)),
        ("Whose candles", Cell("the bot's own" if found["own_candles"] else "shared by all bots")),
        (
            "Warm-up",
            Cell(
                f"{found['warmup_candles']} candles of "
                f"{formatting.interval(found['candle_seconds'])}"
            ),
        ),
        ("Gaps", Cell(_gaps(found["gaps"]))),
        ("Fee", Cell(f"{costs['fee_bps']:g} bps a side")),
        ("Spread", Cell(f"{costs['spread_bps']:g} bps")),
        ("Slippage", Cell(f"{costs['slippage_bps']:g} bps a side")),
        ("Where these are from", Cell(costs["source"])),
        ("Cost of trading", formatting.nothing() if cost is None else Cell(f"{cost:,.3f} %")),
        ("Before costs", formatting.result(found["gross_pct"])),
        ("Fills", Cell(at)),
        ("Fingerprint of the candles", Cell(run.data_hash, "code")),
        ("Version of the rules", Cell(run.code_version, "code")),
    ]


def _gaps(count: int) -> str:
    return f"{count}, each followed by a new warm-up" if count else "none"


def steps(run: Run) -> dict[str, Any]:
    """The funnel, as bars and in words."""
    return _bars(run, run.funnel)


def counted(run: Run) -> dict[str, Any] | None:
    """The funnel as the bot counted it in the same time; None where it did not."""
    found = run.summary.get("counted")
    return _bars(run, found) if found else None


def opened_by(run: Run) -> list[str]:
    """Which other values would let it trade."""
    told = filter_relaxation.sentences(run.summary.get("opened"), run.values)
    return [funnel.unbroken(sentence) for sentence in told]


def trust_note(run: Run) -> dict[str, Any] | None:
    """Whether replays of its strategy deserve belief; None for those of no bot, and for what
    holds a replay against live trades itself."""
    if run.instance is None or run.kind == Run.Kind.FIDELITY:
        return None
    return fidelity_rows.note(trust(run.instance, market=run.market), run.instance)


def _bars(run: Run, counts: dict[str, Any]) -> dict[str, Any]:
    found = funnel.steps(_filters(run), counts["evaluations"], counts["blocked"])
    return {
        "sentence": funnel.unbroken(
            funnel.sentence(counts["evaluations"], counts["signals"], found)
        ),
        **funnel_bars(
            [(one.name, one.reached, one.blocked) for one in found],
            counts["evaluations"],
            counts["signals"],
        ),
    }


def funnel_bars(steps: Iterable[Sequence[Any]], evaluations: int, signals: int) -> dict[str, Any]:
    """The steps of a funnel, each of (name, reached, blocked), as bars in % of the evaluations."""
    total = evaluations or 1
    return {
        "rows": [
            {
                "name": name,
                "label": formatting.label(name),
                "reached": funnel.unbroken(funnel.number(reached)),
                "width": round(reached / total * 100, 2),
                "blocked": funnel.unbroken(funnel.number(blocked)),
                "held": round(blocked / total * 100, 2),
            }
            for name, reached, blocked in steps
        ],
        "signals": funnel.number(signals),
        "signal_width": round(signals / total * 100, 2),
    }


def _filters(run: Run) -> tuple[str, ...]:
    """In the order of the declaration; as they were stored where it is gone."""
    try:
        return strategies.get(run.strategy).filters
    except strategies.UnknownStrategy:
        return tuple(run.funnel["blocked"])


def parameters(run: Run) -> dict[str, Cell]:
    """Its values by name, with their units."""
    try:
        units = {one.name: one.unit for one in strategies.get(run.strategy).parameters}
    except strategies.UnknownStrategy:
        units = {}
    return {
        name: Cell(formatting.setting(value, units.get(name, "")), "value")
        for name, value in run.values.items()
    }


COLUMNS = (
    Column(
        "Entered (UTC)", lambda one: formatting.moment(clock.from_epoch(one["entry_at"])), "time"
    ),
    Column("Left (UTC)", lambda one: formatting.moment(clock.from_epoch(one["exit_at"])), "time"),
    Column("Side", lambda one: Cell(one["side"])),
    Column("Entry", lambda one: formatting.amount(round(one["entry_price"], 8)), "number"),
    Column("Exit", lambda one: formatting.amount(round(one["exit_price"], 8)), "number"),
    Column("PnL", lambda one: formatting.result(one["pnl_pct"]), "number"),
    Column("Why it was left", lambda one: Cell(formatting.label(one["exit_reason"]))),
    Column(
        "Held",
        lambda one: Cell(formatting.duration(one["exit_at"] - one["entry_at"]), "number"),
        "number",
    ),
)


def trade_cells(one: dict[str, Any]) -> list[Cell]:
    return [column.cell(one) for column in COLUMNS]
