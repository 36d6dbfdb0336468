"""The sentences of a report about setups, markets and exits, from its data alone."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.insights.breakdown import TELLS
from analytics.insights.market_state import Market
from analytics.insights.setup_table import Condition
from analytics.quant.exits import WhatIf
from analytics.quant.setups import SURE
from analytics.reports.data import Exits, Section, SetupLine, Setups
from trading import formatting
from trading.formatting import counted, percent, signed, with_unit

COVERED = 0.9  # share of a week with candles, below which its change is not reported
SMALL = 0.05  # change of a ratio that counts as none
UNCHANGED = "unchanged"
LABELS = {
    "asia": "Asia",
    "europe": "Europe",
    "us": "US",
    "below_20": "ADX below 20",
    "20_to_25": "ADX 20 to 25",
    "above_25": "ADX above 25",
}


def label(name: str) -> str:
    """A regime or session: ``Low``, ``US``."""
    return LABELS.get(name, formatting.label(name))


def condition(fact: Condition) -> str:
    """``RSI value 60 to 70 points``; ``Side long``."""
    return f"{formatting.label(fact.feature)} {value(fact)}"


def value(fact: Condition) -> str:
    """The value or range of a condition: ``60 to 70 points``, ``long``."""
    unit, low, high = fact.unit, _whole(fact.low), _whole(fact.high)
    if low is None and high is None:
        text = label(str(fact.value)) if fact.feature == "session" else _whole(fact.value)
        return formatting.value(text, unit)
    if low is None:
        return f"below {formatting.value(high, unit)}"
    if high is None:
        return f"{formatting.value(low, unit)} or more"
    return f"{formatting.value(low)} to {formatting.value(high, unit)}"


def _whole(raw: str | float | bool | None) -> str | float | bool | None:
    """3.0 as 3, so that a weekday is found by its number."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def conditions(facts: Sequence[Condition]) -> str:
    """``Side long and Session Asia``."""
    return " and ".join(condition(fact) for fact in facts)


def entries(facts: Sequence[Condition]) -> str:
    """The same after "entries": ``in the Asia session with volatility 13 to 16 bps``."""
    places = {"session": "in the {} session", "market": "on {}", "side": "on the {} side"}
    words = [places[fact.feature].format(value(fact)) for fact in facts if fact.feature in places]
    others = [_lower(condition(fact)) for fact in facts if fact.feature not in places]
    return " ".join([*words, *([f"with {' and '.join(others)}"] if others else [])])


def _lower(text: str) -> str:
    """Without a capital at the start, unless it is an abbreviation."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _result(value: float, unit: str) -> str:
    """A signed result in the unit in which setups are judged: ``-0.14 R``."""
    return signed(value, "R", 2) if unit == "u" else signed(value, "%", 3)


def setup(line: SetupLine, unit: str) -> str:
    """A setup that differs significantly, in two sentences."""
    metrics, (bare, digits) = line.metrics, ("", 2) if unit == "u" else ("%", 3)
    low, high = (signed(bound, bare, digits) for bound in (line.low, line.high))
    p = "< 0.01" if line.wrong_sign < 0.01 else f"= {line.wrong_sign:.2f}"
    return (
        f"{conditions(line.conditions)}: {counted(metrics.trades, 'trade')} on "
        f"{counted(line.days, 'day')}, win rate {percent(metrics.win_rate, 0).text}, average "
        f"{signed(metrics.avg_pnl_pct, digits=3)}. Expected {_result(line.shrunk, unit)} vs "
        f"strategy average (95% CI {low} to {high}; p {p})."
    )


def verdict(setups: Setups | None) -> str:
    """What can be said of all setups together."""
    if setups is None:
        return ""
    if setups.verdict == "too_few":
        return (
            "Not enough trades to judge setups: 20 trades on 10 days are needed, "
            f"{counted(setups.trades, 'trade')} on {counted(setups.days, 'day')} are available."
        )
    tested = f"{counted(setups.looked, 'setup')} tested together"
    if setups.verdict == "named":
        return (
            f"{tested}. Those below differ significantly: p, the probability of no or the opposite "
            f"difference, is below {SURE:.2f}. The expected difference is smaller than the past "
            "one, because the extremes of many setups are partly luck."
        )
    if setups.tells is None:
        return f"{tested}; none differs significantly."
    size = with_unit(
        f"{setups.tells:.2f}" if setups.unit == "u" else f"{setups.tells:.3f}",
        "R" if setups.unit == "u" else "%",
    )
    return (
        f"{tested}; none differs significantly. Detecting a difference of {size} "
        f"({TELLS:g} standard deviations) takes about {counted(setups.needed or 0, 'trade')} "
        "per setup."
    )


def market(state: Market) -> str:
    """``BTC-PERP at 117,345, +1.20% in 7 days. Volatility -14% vs previous 7 days; ...``"""
    price = f"{state.market} at {formatting.amount(state.price).text}"
    if state.covered < COVERED:
        return f"{price}; too few candles of the last 7 days for more."
    trend = "" if state.trend_pct is None else f", {signed(state.trend_pct)} in 7 days"
    sentences = [f"{price}{trend}."]
    if state.covered_before >= COVERED:
        sentences += _changes(state)
    if state.regime:
        sentences.append(f"Volatility regime: {state.regime}.")
    return " ".join(sentences)


def _changes(state: Market) -> list[str]:
    """``Volatility -14% vs previous 7 days; volume unchanged.``"""
    ratios = {"volatility": state.volatility_ratio, "volume": state.volume_ratio}
    changes = {name: _change(ratio) for name, ratio in ratios.items() if ratio}
    if len(changes) == 2 and set(changes.values()) == {UNCHANGED}:
        return ["Volatility and volume unchanged vs previous 7 days."]
    parts = [f"{name} {change}" for name, change in changes.items()]
    if not parts:
        return []
    parts[0] = f"{parts[0].capitalize()} vs previous 7 days"
    return [f"{'; '.join(parts)}."]


def _change(ratio: float) -> str:
    """``-14%``; ``unchanged`` within 5%."""
    return UNCHANGED if abs(ratio - 1) < SMALL else signed((ratio - 1) * 100, digits=0)


def exits(analysis: Exits | None) -> list[str]:
    """MFE, MAE and what was given back, and the targets and stops that do better."""
    if analysis is None:
        return []
    overall, sentences = analysis.overall, []
    if overall.known:
        mfe, given_back, mae = (
            percent((average or 0.0) / 100, 3).text
            for average in (overall.mfe_pct, overall.left_pct, overall.pain_pct)
        )
        bounds = "" if analysis.recorded else " (from candles, at least)"
        sentences.append(f"Average MFE {mfe}, given back {given_back}; average MAE {mae}{bounds}.")
    better = [what_if for what_if in analysis.better if None not in (what_if.low, what_if.high)]
    sentences += [
        f"{_levels(what_if)}: average {_range(what_if)} instead of "
        f"{signed(what_if.now, digits=3)}, by MFE and MAE."
        for what_if in better[:2]
    ]
    if analysis.why:
        sentences.append(f"{analysis.why}.")
    elif not better:
        sentences.append("No other target or stop does significantly better on these trades.")
    return sentences


def _range(what_if: WhatIf) -> str:
    low, high = signed(what_if.low, digits=3), signed(what_if.high, digits=3)
    return low if low == high else f"{low} to {high}"


def _levels(what_if: WhatIf) -> str:
    levels = [
        f"{name} at {level:g}% ({level * 100:g} bps)"
        for name, level in (("target", what_if.target), ("stop", what_if.stop))
        if level is not None
    ]
    return " and ".join(levels).capitalize()


def brief(section: Section) -> list[str]:
    """Markets, setups and exits of a strategy in a few sentences, for a mail."""
    setups = section.setups
    sentences = [market(state) for state in section.market[:2]]
    if setups and (setups.best or setups.worst):
        sentences += [f"Better setup: {setup(line, setups.unit)}" for line in setups.best[:2]]
        sentences += [f"Worse setup: {setup(line, setups.unit)}" for line in setups.worst[:2]]
    elif setups:
        sentences.append(verdict(setups))
    return sentences + exits(section.exits)[:2]
