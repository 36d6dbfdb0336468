"""What the pages of backtests show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

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
    ("trades_per_day", "Trades per day"),
    ("avg_mfe_pct", "Average MFE"),
    ("avg_mae_pct", "Average MAE"),
)
TONES = {"done": "gain", "failed": "loss"}


def url(run: Run) -> str:
    return reverse("admin:analytics_run_change", args=[run.pk])


def metric(name: str, value: float | None) -> Cell:
    """A metric as a page shows it; a dash where it is undefined."""
    if value is None:
        return formatting.nothing("Not defined for these trades.")
    if name in PERCENT:
        return formatting.result(value)
    if name in ("win_rate", "exposure"):
        return formatting.percent(value)
    if name == "avg_hold_seconds":
        return Cell(formatting.duration(value), "number")
    if name.endswith("_pct"):
        return Cell(f"{value:,.3f}%", "number")
    return Cell(f"{value:,}" if isinstance(value, int) else f"{value:,.2f}", "number")


def headline(run: Run) -> list[tuple[str, Cell]]:
    """The key metrics, with buy and hold."""
    names = ("total_pnl_pct", "trades", "win_rate", "max_drawdown_pct", "sharpe")
    labels = dict(METRICS)
    results = _metrics(run)
    held = run.summary["held"]
    return [
        *((labels[name], metric(name, results[name])) for name in names),
        ("Buy and hold", metric("total_pnl_pct", held and held["total_pnl_pct"])),
    ]


def metrics(run: Run) -> list[tuple[str, Cell, Cell]]:
    """Every metric, with that of buy and hold where it has one."""
    results = _metrics(run)
    held = run.summary["held"] or {}
    return [
        (label, metric(name, results[name]), metric(name, held[name]) if name in held else Cell(""))
        for name, label in METRICS
    ]


def side_by_side(first_run: Run, second_run: Run) -> list[tuple[str, Cell, Cell, Cell]]:
    """Every metric of both runs, and the difference: second minus first."""
    first, second = _metrics(first_run), _metrics(second_run)
    return [
        (
            label,
            metric(name, first[name]),
            metric(name, second[name]),
            _difference(name, first[name], second[name]),
        )
        for name, label in METRICS
    ]


def _metrics(run: Run) -> dict[str, Any]:
    """The metrics of a run that is done."""
    return run.metrics or {}


def _difference(name: str, old: float | None, new: float | None) -> Cell:
    """``new`` minus ``old``, coloured where more is better."""
    if old is None or new is None:
        return formatting.nothing("One of the two is not defined.")
    if name in ("win_rate", "exposure"):
        return Cell(f"{(new - old) * 100:+,.1f} pp", "number")
    if name == "avg_hold_seconds":
        sign = "-" if new < old else "+"
        return Cell(f"{sign}{formatting.duration(abs(new - old))}", "number")
    if name in PERCENT:
        return formatting.result(round(new - old, 3) + 0.0, "pp")  # + 0.0: no negative zero
    if name.endswith("_pct"):
        return Cell(f"{new - old:+,.3f} pp", "number")
    return Cell(f"{new - old:+,}" if isinstance(new, int) else f"{new - old:+,.2f}", "number")


def facts(run: Run) -> list[tuple[str, Cell]]:
    """Candles, costs and assumptions of a run."""
    summary, costs = run.summary, run.costs
    start, end = (clock.from_epoch(summary[name]) for name in ("from", "to"))
    cost = summary["cost_pct"]
    fills = "open of the next bar" if run.options["next_open"] else "price of the signal"
    return [
        ("Candles", Cell(f"{run.bars:,} of {formatting.interval(run.interval)}")),
        ("From", formatting.minute(start)),
        ("To", formatting.minute(end)),
        ("Candle source", Cell("this bot" if summary["own_candles"] else "shared")),
        (
            "Warm-up",
            Cell(
                f"{summary['warmup_candles']:,} candles of "
                f"{formatting.interval(summary['candle_seconds'])}"
            ),
        ),
        ("Gaps", Cell(_gaps(summary["gaps"]))),
        ("Fee", Cell(f"{costs['fee_bps']:g} bps per side")),
        ("Spread", Cell(f"{costs['spread_bps']:g} bps")),
        ("Slippage", Cell(f"{costs['slippage_bps']:g} bps per side")),
        ("Source of costs", Cell(costs["source"])),
        ("Trading costs", formatting.nothing() if cost is None else Cell(f"{cost:,.3f}%")),
        ("PnL before costs", formatting.result(summary["gross_pct"])),
        ("Fills at", Cell(fills)),
        ("Fingerprint of candles", Cell(run.data_hash, "code")),
        ("Strategy code", Cell(run.code_version, "code")),
    ]


def _gaps(count: int) -> str:
    return f"{count:,}, each followed by a new warm-up" if count else "none"


def run_funnel(run: Run) -> FunnelWithSentence:
    """The signal funnel of a run that is done."""
    return _funnel(run, run.funnel or {})


def bot_funnel(run: Run) -> FunnelWithSentence | None:
    """The signal funnel that the bot reported for the same time; None where it reported none."""
    counts = run.summary.get("counted")
    return _funnel(run, counts) if counts else None


def relaxations(run: Run) -> list[str]:
    """Sentences on the parameter values that would allow more trades."""
    return filter_relaxation.sentences(run.summary.get("opened"), run.values)


def fidelity_note(run: Run) -> fidelity_rows.FidelityNote | None:
    """The fidelity of the strategy's backtests; None for runs of no bot, and for a comparison with
    live trades itself."""
    if run.instance is None or run.kind == Run.Kind.FIDELITY:
        return None
    return fidelity_rows.note(trust(run.instance, market=run.market), run.instance)


class FunnelStep(TypedDict):
    """A filter; ``width`` and ``held`` in percent of all evaluations."""

    name: str
    label: str
    reached: str
    width: float
    blocked: str
    held: float


class FunnelBars(TypedDict):
    rows: list[FunnelStep]
    signals: str
    signal_width: float


class FunnelWithSentence(FunnelBars):
    sentence: str


def _funnel(run: Run, counts: dict[str, Any]) -> FunnelWithSentence:
    evaluations, signals = counts["evaluations"], counts["signals"]
    steps = funnel.steps(_filters(run), evaluations, counts["blocked"])
    bars = funnel_bars(
        [(step.name, step.reached, step.blocked) for step in steps], evaluations, signals
    )
    return {**bars, "sentence": funnel.sentence(evaluations, signals, steps)}


def funnel_bars(
    steps: Iterable[tuple[str, int, int]], evaluations: int, signals: int
) -> FunnelBars:
    """The steps of a signal funnel, each given as (name, reached, blocked)."""
    total = evaluations or 1
    return {
        "rows": [
            {
                "name": name,
                "label": formatting.label(name),
                "reached": f"{reached:,}",
                "width": round(reached / total * 100, 2),
                "blocked": f"{blocked:,}",
                "held": round(blocked / total * 100, 2),
            }
            for name, reached, blocked in steps
        ],
        "signals": f"{signals:,}",
        "signal_width": round(signals / total * 100, 2),
    }


def _filters(run: Run) -> tuple[str, ...]:
    """The filters in the order in which they are tested; as stored if the strategy is gone."""
    try:
        return strategies.get(run.strategy).filters
    except strategies.UnknownStrategy:
        return tuple((run.funnel or {}).get("blocked", ()))


def parameters(run: Run) -> dict[str, Cell]:
    """The parameter values of a run by name, with their units."""
    try:
        declared = strategies.get(run.strategy).parameters
        units = {parameter.name: parameter.unit for parameter in declared}
    except strategies.UnknownStrategy:
        units = {}
    return {
        name: Cell(formatting.setting(value, units.get(name, "")), "value")
        for name, value in run.values.items()
    }


StoredTrade = dict[str, Any]  # a trade of ``run_store.trades``, by column

COLUMNS = (
    Column("Entry time", lambda trade: _moment(trade["entry_at"]), "time"),
    Column("Exit time", lambda trade: _moment(trade["exit_at"]), "time"),
    Column("Side", lambda trade: Cell(trade["side"])),
    Column("Entry", lambda trade: formatting.amount(round(trade["entry_price"], 8)), "number"),
    Column("Exit", lambda trade: formatting.amount(round(trade["exit_price"], 8)), "number"),
    Column("PnL", lambda trade: formatting.result(trade["pnl_pct"]), "number"),
    Column("Exit reason", lambda trade: Cell(formatting.label(trade["exit_reason"]))),
    Column(
        "Duration",
        lambda trade: Cell(formatting.duration(trade["exit_at"] - trade["entry_at"]), "number"),
        "number",
    ),
)


def _moment(epoch: float) -> Cell:
    return formatting.moment(clock.from_epoch(epoch))


def trade_cells(trade: StoredTrade) -> list[Cell]:
    return [column.cell(trade) for column in COLUMNS]
