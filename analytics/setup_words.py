"""The sentences of a report about setups, conditions and exits, from its data alone."""

from __future__ import annotations

from typing import Any

from analytics.report_words import count, pct, rate
from trading import display

SESSIONS = {"us": "US"}


def condition(one: dict[str, Any]) -> str:
    """``RSI value 60 to 70 points``; ``side long``."""
    name, unit = display.label(one["feature"]), one["unit"]
    if one["low"] is None and one["high"] is None:
        return f"{name} {display.value(one['value'], unit)}"
    if one["low"] is None:
        return f"{name} below {display.value(one['high'], unit)}"
    if one["high"] is None:
        return f"{name} {display.value(one['low'], unit)} or more"
    return f"{name} {display.value(one['low'])} to {display.value(one['high'], unit)}"


def named(one: dict[str, Any]) -> str:
    """The facts of a setup, together."""
    return " and ".join(condition(each) for each in one["conditions"])


def amount(value: float, unit: str) -> str:
    """A result in the unit in which setups are judged."""
    return f"{value:+.2f} of its risk" if unit == "u" else pct(value, 3)


def setup(one: dict[str, Any], unit: str) -> str:
    """A named setup in a line."""
    made = one["metrics"]
    return (
        f"{named(one)}: {count(made['trades'], 'trade')} on {count(one['days'], 'day')}, "
        f"{rate(made['win_rate'])} won, {pct(made['avg_pnl_pct'], 3)} on average; from now on "
        f"{amount(one['shrunk'], unit)} a trade away from its mean is to be expected "
        f"({amount(one['low'], unit)} to {amount(one['high'], unit)}; the chance that it is not so "
        f"is {one['wrong_sign']:.0%})."
    )


def verdict(found: dict[str, Any] | None) -> str:
    """What can be said of all setups together."""
    if found is None:
        return ""
    looked = count(found["looked"], "setup")
    if found["verdict"] == "too_few":
        return (
            f"Too little to judge any setup by: it needs 20 trades on 10 days, and there are "
            f"{count(found['trades'], 'trade')} on {count(found['days'], 'day')} in all."
        )
    if found["verdict"] == "named":
        return (
            f"Of {looked} that were looked at together, these are the ones that are more than "
            "luck. What is expected of them is less than they made: the best of many was lucky "
            "too."
        )
    tells = "" if found["tells"] is None else (
        f" An excess of {amount(found['tells'], found['unit']).lstrip('+')} would be told with "
        f"about {count(found['needed'], 'trade')} of a setup."
    )  # fmt: skip
    return f"No setup is distinguishable yet, of {looked} that were looked at.{tells}"


def market(one: dict[str, Any]) -> str:
    """What a market does now, against the week before."""
    said = [f"{one['market']} at {display.amount(one['price']).text}"]
    if one["regime"]:
        said.append(f"{'wild' if one['regime'] == 'high' else 'calm'} for its own measure")
    if one["volatility_ratio"]:
        said.append(f"it moved {_times(one['volatility_ratio'])} as much as in the week before")
    if one["trend_pct"] is not None:
        said.append(f"{pct(one['trend_pct'])} in 7 days")
    if one["volume_ratio"]:
        said.append(f"{_times(one['volume_ratio'])} the volume")
    return ", ".join(said) + "."


def _times(ratio: float) -> str:
    return f"{ratio:.2g} times"


def exits(found: dict[str, Any] | None) -> list[str]:
    """What was left on the table, and what other levels would have done."""
    if found is None:
        return []
    overall, said = found["overall"], []
    if overall["known"]:
        said.append(
            f"At its best a trade was {pct(overall['mfe_pct'], 3)} ahead and ended "
            f"{pct(overall['left_pct'], 3).lstrip('+')} below that; at its worst it was "
            f"{pct(overall['pain_pct'], 3).lstrip('+')} behind{_bounds(found)}."
        )
    for one in found["better"][:2]:
        said.append(
            f"{_levels(one)}: by what these trades reached, between {pct(one['low'], 3)} and "
            f"{pct(one['high'], 3)} on average instead of {pct(one['now'], 3)}."
        )
    if found["why"]:
        said.append(f"{found['why'][:1].upper()}{found['why'][1:]}.")
    elif not found["better"]:
        said.append("No other target or stop would surely have done better on these trades.")
    return said


def _bounds(found: dict[str, Any]) -> str:
    known = found["recorded"]
    return "" if known else " (at least, by the stored candles, which do not show every price)"


def _levels(one: dict[str, Any]) -> str:
    parts = [f"{name} at {value:g} %" for name, value in (
        ("A target", one["target"]), ("a stop", one["stop"])
    ) if value is not None]  # fmt: skip
    text = " and ".join(parts)
    return f"{text[:1].upper()}{text[1:]}"


LABELS = {
    "low": "Calm", "high": "Wild", "asia": "Asia", "europe": "Europe", "us": "US",
    "below_20": "ADX below 20", "20_to_25": "ADX 20 to 25", "above_25": "ADX above 25",
}  # fmt: skip


def label(name: str) -> str:
    """A regime or session as people call it."""
    return LABELS.get(name, display.label(name))
