"""The sentences of a report about setups, conditions and exits, from its data alone."""

from __future__ import annotations

from typing import Any

from analytics.insights.breakdown import TELLS
from analytics.reports.text import count, pct, rate
from trading import formatting


def condition(one: dict[str, Any]) -> str:
    """``RSI value 60 to 70 points``; ``side long``."""
    name, unit = formatting.label(one["feature"]), one["unit"]
    one = {key: _whole(value) for key, value in one.items()}
    if one["low"] is None and one["high"] is None:
        value = label(one["value"]) if one["feature"] == "session" else one["value"]
        return f"{name} {formatting.value(value, unit)}"
    if one["low"] is None:
        return f"{name} below {formatting.value(one['high'], unit)}"
    if one["high"] is None:
        return f"{name} {formatting.value(one['low'], unit)} or more"
    return f"{name} {formatting.value(one['low'])} to {formatting.value(one['high'], unit)}"


def _whole(value: Any) -> Any:
    """3.0 as 3, so that a weekday is known by its number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def named(one: dict[str, Any]) -> str:
    """The facts of a setup, together."""
    return " and ".join(condition(each) for each in one["conditions"])


def amount(value: float, unit: str) -> str:
    """A result in the unit in which setups are judged."""
    return f"{value:.2f} of what it risks" if unit == "u" else f"{value:.3f}%"


def _way(value: float) -> str:
    return "better" if value > 0 else "worse"


def _beside(value: float, unit: str) -> str:
    """``0.24 worse``."""
    bare = f"{abs(value):.2f}" if unit == "u" else f"{abs(value):.3f}%"
    return "no difference" if float(bare.rstrip("%")) == 0 else f"{bare} {_way(value)}"


def setup(one: dict[str, Any], unit: str) -> str:
    """A named setup in a line."""
    made = one["metrics"]
    return (
        f"{named(one)}: {count(made['trades'], 'trade')} on {count(one['days'], 'day')}, "
        f"{rate(made['win_rate'])} won, {pct(made['avg_pnl_pct'], 3)} on average. Expected from "
        f"now on: {amount(abs(one['shrunk']), unit)} a trade {_way(one['shrunk'])} than the "
        f"strategy's average, between {_beside(one['low'], unit)} and "
        f"{_beside(one['high'], unit)}; the chance that it is not {_way(one['shrunk'])} at all is "
        f"{one['wrong_sign']:.0%}."
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
    tells = (
        ""
        if found["tells"] is None
        else (
            f" To tell a difference of {TELLS:g} of how far its trades lie apart, here "
            f"{amount(found['tells'], found['unit'])} a trade, takes about "
            f"{count(found['needed'], 'trade')} of one setup."
        )
    )
    return f"No setup is distinguishable yet, of {looked} that were looked at.{tells}"


def market(one: dict[str, Any]) -> str:
    """What a market does now, against the week before."""
    said = [f"{one['market']} at {formatting.amount(one['price']).text}"]
    if one["covered"] < COVERED:
        return f"{said[0]}; too few candles of the last 7 days are stored to say more."
    if one["trend_pct"] is not None:
        said.append(f"{pct(one['trend_pct'])} in 7 days")
    if one["covered_before"] >= COVERED:
        if one["volatility_ratio"]:
            said.append(f"moving {_times(one['volatility_ratio'])} as in the 7 days before")
        if one["volume_ratio"]:
            said.append(f"with {_times(one['volume_ratio'])} volume")
    if one["regime"]:
        level = "high" if one["regime"] == "high" else "low"
        said.append(f"its volatility now {level} against that of the last weeks")
    return ", ".join(said) + "."


COVERED = 0.9  # of a week: with less, its change is that of another time


def _times(ratio: float) -> str:
    """``as much``, ``1.5 times as much``."""
    return "as much" if abs(ratio - 1) < 0.05 else f"{ratio:.2g} times as much"


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
    better = [one for one in found["better"] if None not in (one["low"], one["high"])]
    said += [
        f"{_levels(one)}: by what these trades reached, {_range(one)} on average instead of "
        f"{pct(one['now'], 3)}."
        for one in better[:2]
    ]
    if found["why"]:
        said.append(f"{found['why'][:1].upper()}{found['why'][1:]}.")
    elif not better:
        said.append("No other target or stop would surely have done better on these trades.")
    return said


def _bounds(found: dict[str, Any]) -> str:
    known = found["recorded"]
    return "" if known else " (at least, by the stored candles, which do not show every price)"


def _range(one: dict[str, Any]) -> str:
    low, high = pct(one["low"], 3), pct(one["high"], 3)
    return low if low == high else f"between {low} and {high}"


def _levels(one: dict[str, Any]) -> str:
    parts = [
        f"{name} at {value:g} % ({value * 100:g} bps)"
        for name, value in (("A target", one["target"]), ("a stop", one["stop"]))
        if value is not None
    ]
    text = " and ".join(parts)
    return f"{text[:1].upper()}{text[1:]}"


def brief(one: dict[str, Any]) -> list[str]:
    """The same of a strategy for a mail: what is named, what the market does, what exits left."""
    found = one["setups"]
    said = [market(each) for each in one["market"][:2]]
    if found and (found["best"] or found["worst"]):
        said += [
            f"Better than the rest: {setup(each, found['unit'])}" for each in found["best"][:2]
        ]
        said += [
            f"Worse than the rest: {setup(each, found['unit'])}" for each in found["worst"][:2]
        ]
    elif found:
        said.append(verdict(found))
    return said + exits(one["exits"])[:2]


LABELS = {
    "low": "Calm",
    "high": "Wild",
    "asia": "Asia",
    "europe": "Europe",
    "us": "US",
    "below_20": "ADX below 20",
    "20_to_25": "ADX 20 to 25",
    "above_25": "ADX above 25",
}


def label(name: str) -> str:
    """A regime or session as people call it."""
    return LABELS.get(name, formatting.label(name))
