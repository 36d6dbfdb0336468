"""A comparison of a replay with live trades, as text for a terminal."""

from __future__ import annotations

from typing import Any

from analytics.models import Run
from analytics.research import funnel
from trading import strategies
from trading.formatting import counted, interval

_DASH = "-"


def told(run: Run) -> str:
    """The verdict with its reasons, the figures, and both funnels."""
    return "\n\n".join([heading(run), verdict(run), figures(run), funnels(run)])


def heading(run: Run) -> str:
    options, instance = run.options, run.instance
    assert instance is not None
    lines = [
        f"{instance.name} of {run.bot} on {run.market}, {options['mode']} trades from "
        f"{_short(options['since'])} to {_short(options['until'])} UTC",
        f"{run.bars:,} bars of {interval(run.interval)}; fee {run.costs['fee_bps']:g} bps a side "
        f"({run.costs['source']})",
    ]
    for version in run.summary["fidelity"]["sets"]:
        times = f" in {version['stretches']} stretches" if version["stretches"] > 1 else ""
        lines.append(
            f"version {version['version']}: live for {version['seconds'] / 86_400:.2f} days{times}"
            f", {counted(version['trades'], 'trade')} in the replay"
        )
    return "\n".join([*lines, *(f"Note: {remark}" for remark in run.summary["remarks"])])


def verdict(run: Run) -> str:
    comparison = run.summary["fidelity"]
    grade = f", grade {comparison['grade']}" if comparison["grade"] else ""
    return "\n".join(
        [
            f"The replay is {comparison['verdict']}{grade}."
            if comparison["verdict"] != "unknown"
            else "Backtest accuracy not checked.",
            *(f"- {reason}" for reason in comparison["reasons"]),
        ]
    )


def figures(run: Run) -> str:
    comparison = run.summary["fidelity"]
    gap = comparison["gap"] or {}
    reach = f", 90 % {gap['low']:+.4f} to {gap['high']:+.4f}" if gap.get("low") is not None else ""
    rows = [
        ("live trades", f"{comparison['live']:,}"),
        ("matched", f"{comparison['matched']:,} ({_share(comparison['matched_share'])})"),
        ("left for another reason", f"{comparison['other_exit']:,}"),
        ("missing in the replay", f"{comparison['missing']:,}"),
        ("extra in the replay", f"{comparison['extra']:,}"),
        ("agreement", _share(comparison["agreement"])),
        ("entry, bps worse for us", _spread(comparison["entry_bps"])),
        ("exit, bps worse for us", _spread(comparison["exit_bps"])),
        ("live less replay, % a trade", f"{gap['mean']:+.4f}{reach}" if gap else _DASH),
        (
            "correlation of days",
            _number(comparison["correlation"], f" over {comparison['days']} days"),
        ),
        ("parameters unknown", f"{comparison['unknown_set']:,}"),
        ("without candles", f"{comparison['without_candles']:,}"),
        ("another version reported", f"{comparison['other_version']:,}"),
    ]
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"{label.ljust(width)}  {text}" for label, text in rows)


def funnels(run: Run) -> str:
    """Why it traded as often as it did: of the replay, and as the bot counted."""
    lines = [f"Replay: {_why(run, run.funnel or {})}"]
    counted = run.summary["counted"]
    lines.append(f"Bot: {_why(run, counted)}" if counted else "Bot: it sent no counts of this time")
    return "\n".join(lines)


def _why(run: Run, counts: dict[str, Any]) -> str:
    filters = strategies.get(run.strategy).filters
    steps = funnel.steps(filters, counts["evaluations"], counts["blocked"])
    return funnel.sentence(counts["evaluations"], counts["signals"], steps)


def _spread(spread: dict[str, Any] | None) -> str:
    if spread is None:
        return _DASH
    return f"{spread['median']:+.2f} (half of them {spread['low']:+.2f} to {spread['high']:+.2f})"


def _share(value: float | None) -> str:
    return _DASH if value is None else f"{value:.1%}"


def _number(value: float | None, more: str) -> str:
    return _DASH if value is None else f"{value:.3f}{more}"


def _short(text: str) -> str:
    return text[:16].replace("T", " ")
