"""A comparison of a replay with live trades, in plain words."""

from __future__ import annotations

from typing import Any

from analytics.models import Run
from analytics.research.fidelity_reasons import DOUBT, TRUST
from analytics.research.trust import Trust
from trading import formatting
from trading.formatting import Cell

TONES = {TRUST: "gain", DOUBT: "loss"}
TITLES = {TRUST: "Replays of {} are trusted", DOUBT: "Replays of {} are not trusted"}
UNTOLD = "Whether replays of {} can be trusted is unknown"


def page(run: Run) -> dict[str, Any]:
    """What the page of a comparison shows above the replay itself."""
    found = run.summary["fidelity"]
    return {
        "title": _title(found["verdict"], run.instance.name),
        "tone": TONES.get(found["verdict"], ""),
        "reasons": found["reasons"],
        "headline": _headline(found),
        "figures": _figures(found),
        "sets": [
            (
                f"v{one['version']}",
                f"{one['seconds'] / 86_400:,.2f} days",
                f"{one['stretches']:,}",
                f"{one['trades']:,}",
            )
            for one in found["sets"]
        ],
        "exits": [
            (formatting.label(a), formatting.label(b), f"{n:,}") for a, b, n in found["exits"]
        ],
        "since": run.options["since"][:16].replace("T", " "),
        "until": run.options["until"][:16].replace("T", " "),
        "mode": run.options["mode"],
    }


def note(found: Trust, instance: Any) -> dict[str, Any]:
    """What pages about replays of a strategy say of them."""
    told = found.found
    return {
        "title": _title(found.verdict, instance.name),
        "instance": instance.pk,
        "reasons": found.reasons,
        "warn": found.doubted,
        "run": found.run,
        "share": _share(told["matched_share"]).text if told else "",
        "live": f"{told['live']:,}" if told else "",
        "grade": told.get("grade"),
    }


def _title(verdict: str, name: str) -> str:
    return TITLES.get(verdict, UNTOLD).format(name)


def _headline(found: dict[str, Any]) -> list[tuple[str, Cell]]:
    gap = found["gap"]
    return [
        (
            "Grade",
            Cell(found["grade"], TONES.get(found["verdict"], ""))
            if found["grade"]
            else formatting.nothing("Too few trades to tell."),
        ),
        ("Live trades matched", _share(found["matched_share"])),
        ("Agreement", _share(found["agreement"])),
        ("Slippage, both sides", _bps(_slippage(found))),
        ("Live less replay, a trade", formatting.result(gap and gap["mean"])),
        ("Correlation of days", _number(found["correlation"])),
    ]


def _figures(found: dict[str, Any]) -> list[tuple[str, Cell, str]]:
    """Every figure with what it means."""
    gap = found["gap"] or {}
    between = (
        f"90 % interval {gap['low']:+.4f} to {gap['high']:+.4f}"
        if gap.get("low") is not None
        else "no interval: too few days"
    )
    return [
        ("Live trades", _count(found["live"]), "that could be compared"),
        (
            "Matched",
            _count(found["matched"]),
            "same side, entered within a candle, left for the same reason",
        ),
        ("Left for another reason", _count(found["other_exit"]), "entered alike"),
        ("Missing", _count(found["missing"]), "made by the bot, not by the replay"),
        ("Extra", _count(found["extra"]), "made by the replay, not by the bot"),
        ("Agreement", _share(found["agreement"]), "matched, of all that either made"),
        ("Entry worse by", _bps(_median(found["entry_bps"])), _half(found["entry_bps"])),
        ("Exit worse by", _bps(_median(found["exit_bps"])), _half(found["exit_bps"])),
        ("Live less replay", _points(gap.get("mean")), f"a trade; {between}"),
        ("Correlation of days", _number(found["correlation"]), f"over {found['days']} days"),
        ("Another version reported", _count(found["other_version"]), "than was live at the entry"),
        ("Parameters unknown", _count(found["unknown_set"]), "left out"),
        ("Without candles", _count(found["without_candles"]), "left out"),
    ]


def _slippage(found: dict[str, Any]) -> float | None:
    sides = [found[name] for name in ("entry_bps", "exit_bps")]
    return sum(one["median"] for one in sides) if all(sides) else None


def _median(found: dict[str, Any] | None) -> float | None:
    return found["median"] if found else None


def _half(found: dict[str, Any] | None) -> str:
    return f"half of them {found['low']:+.2f} to {found['high']:+.2f} bps" if found else ""


def _count(value: int) -> Cell:
    return Cell(f"{value:,}", "number")


def _share(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("There is nothing to take a share of.")
    return Cell(f"{value:.1%}".replace("%", " %"), "number")


def _bps(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("No pair tells it.")
    return Cell(f"{value + 0.0:+.2f} bps", "number")


def _points(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("No pair tells it.")
    return Cell(f"{value + 0.0:+.4f} points", "number")


def _number(value: float | None) -> Cell:
    if value is None:
        return formatting.nothing("Fewer than 3 days, or nothing varies.")
    return Cell(f"{value:.3f}", "number")
