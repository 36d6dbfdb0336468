"""Replay fidelity: how a backtest compares with live trades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analytics.models import Run
from analytics.research.fidelity_reasons import DOUBT, TRUST
from analytics.research.trust import Trust
from trading import formatting
from trading.formatting import Cell

if TYPE_CHECKING:
    from analytics.frames.reports import StrategyInstance

TONES = {TRUST: "gain", DOUBT: "loss"}
TITLES = {TRUST: "Backtests of {} match live trading", DOUBT: "Backtests of {} are not reliable"}
NOT_CHECKED = "Backtest accuracy of {} not checked yet"

# What a comparison of ``analytics.research.fidelity`` stores in ``Run.summary["fidelity"]``.
Comparison = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServedVersion:
    """A parameter version that was live, and the backtest trades it made."""

    version: str
    live_for: str
    periods: str
    trades: str


@dataclass(frozen=True, slots=True)
class FidelityPage:
    """What the page of a comparison shows above the backtest itself."""

    title: str
    tone: str
    reasons: list[str]
    headline: list[tuple[str, Cell]]
    figures: list[tuple[str, Cell, str]]
    sets: list[ServedVersion]
    exits: list[tuple[str, str, str]]
    since: str
    until: str
    mode: str


@dataclass(frozen=True, slots=True)
class FidelityNote:
    """The fidelity of a strategy's backtests, for every page that shows one."""

    title: str
    instance: int
    reasons: tuple[str, ...]
    warn: bool
    run: Run | None
    matched: str
    live: str
    grade: str | None


def page(run: Run) -> FidelityPage:
    comparison: Comparison = run.summary["fidelity"]
    name = run.instance.name if run.instance else run.strategy
    return FidelityPage(
        title=_title(comparison["verdict"], name),
        tone=TONES.get(comparison["verdict"], ""),
        reasons=comparison["reasons"],
        headline=_headline(comparison),
        figures=_figures(comparison),
        sets=[
            ServedVersion(
                f"v{live_set['version']}",
                formatting.duration(live_set["seconds"]),
                f"{live_set['stretches']:,}",
                f"{live_set['trades']:,}",
            )
            for live_set in comparison["sets"]
        ],
        exits=[
            (formatting.label(live), formatting.label(replayed), f"{trades:,}")
            for live, replayed, trades in comparison["exits"]
        ],
        since=run.options["since"][:16].replace("T", " "),
        until=run.options["until"][:16].replace("T", " "),
        mode=run.options["mode"],
    )


def note(trust: Trust, instance: StrategyInstance) -> FidelityNote:
    comparison = trust.found
    return FidelityNote(
        title=_title(trust.verdict, instance.name),
        instance=instance.pk,
        reasons=trust.reasons,
        warn=trust.doubted,
        run=trust.run,
        matched=_share(comparison["matched_share"]).text if comparison else "",
        live=f"{comparison['live']:,}" if comparison else "",
        grade=comparison.get("grade") if comparison else None,
    )


def _title(verdict: str, name: str) -> str:
    return TITLES.get(verdict, NOT_CHECKED).format(name)


def _headline(comparison: Comparison) -> list[tuple[str, Cell]]:
    gap = comparison["gap"]
    grade = (
        Cell(comparison["grade"], TONES.get(comparison["verdict"], ""))
        if comparison["grade"]
        else formatting.nothing("Too few trades.")
    )
    return [
        ("Replay fidelity", grade),
        ("Live trades matched", _share(comparison["matched_share"])),
        ("Agreement", _share(comparison["agreement"])),
        ("Slippage, entry + exit", _bps(_slippage(comparison))),
        ("Live minus backtest per trade", formatting.result(gap["mean"] if gap else None)),
        ("Daily correlation", _correlation(comparison["correlation"])),
    ]


def _figures(comparison: Comparison) -> list[tuple[str, Cell, str]]:
    """Every figure with its explanation."""
    gap = comparison["gap"] or {}
    interval = (
        f"90% CI {gap['low']:+.4f} to {gap['high']:+.4f}"
        if gap.get("low") is not None
        else "no interval: too few days"
    )
    entry, exit_ = comparison["entry_bps"], comparison["exit_bps"]
    return [
        ("Live trades", _count(comparison["live"]), "compared"),
        (
            "Matched",
            _count(comparison["matched"]),
            "same side, entry within one candle, same exit reason",
        ),
        ("Different exit reason", _count(comparison["other_exit"]), "same entry"),
        ("Missing", _count(comparison["missing"]), "live only"),
        ("Extra", _count(comparison["extra"]), "backtest only"),
        ("Agreement", _share(comparison["agreement"]), "matched, of all trades of either"),
        ("Entry slippage", _bps(_median(entry)), _iqr(entry)),
        ("Exit slippage", _bps(_median(exit_)), _iqr(exit_)),
        ("Live minus backtest", _points(gap.get("mean")), f"per trade; {interval}"),
        (
            "Daily correlation",
            _correlation(comparison["correlation"]),
            f"over {comparison['days']} days",
        ),
        (
            "Parameter mismatch",
            _count(comparison["other_version"]),
            "reported a version that was not live",
        ),
        ("Parameters unknown", _count(comparison["unknown_set"]), "excluded"),
        ("Without candles", _count(comparison["without_candles"]), "excluded"),
    ]


def _slippage(comparison: Comparison) -> float | None:
    """The sum of both medians in bps; None where one is unknown."""
    entry, exit_ = comparison["entry_bps"], comparison["exit_bps"]
    return entry["median"] + exit_["median"] if entry and exit_ else None


def _median(slippage: dict[str, float] | None) -> float | None:
    return slippage["median"] if slippage else None


def _iqr(slippage: dict[str, float] | None) -> str:
    return f"median; IQR {slippage['low']:+.2f} to {slippage['high']:+.2f} bps" if slippage else ""


def _count(value: int) -> Cell:
    return Cell(f"{value:,}", "number")


def _share(value: float | None) -> Cell:
    return formatting.percent(value, why="No trades.")


def _bps(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("No matched trades.")
    return Cell(f"{value + 0.0:+,.2f} bps", "number")


def _points(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("No matched trades.")
    return Cell(f"{value + 0.0:+,.4f} pp", "number")


def _correlation(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("Fewer than 3 days, or no variation.")
    return Cell(f"{value:.3f}", "number")
