"""The win rate is below a fixed limit, or lower than past results explain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.ledger.metrics import wilson
from trading.strategies.parameters import Choice, Integer, Number

WIDTHS = {"24h": 24, "7d": 168}
WINDOWS = {"24h": "24 h", "7d": "7 d"}
LEARNED, FIXED = "learned", "fixed"


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    width = WIDTHS[parameters["window"]]
    trades = significance.rolling(frame.hours.trades, width)
    wins = significance.rolling(frame.hours.wins, width)
    if not trades.size or not trades[-1] >= parameters["fewest_trades"]:
        return None
    rule = _fixed if parameters["limit_from"] == FIXED else _learned
    return rule(frame, parameters, trades, wins)


def _fixed(
    frame: StrategyFrame, parameters: Values, trades: np.ndarray, wins: np.ndarray
) -> Finding | None:
    n, won, limit = int(trades[-1]), int(wins[-1]), parameters["limit"]
    interval = wilson(won, n)
    if won / n >= limit or interval is None:
        return None
    by_chance = significance.binomial_at_most(won, n, limit)
    low, high = interval
    return Finding(
        f"{frame.about} won {won:,} of {n:,} trades in the last {WINDOWS[parameters['window']]}: "
        f"win rate {wording.percent(won / n)} (limit {wording.percent(limit)}; 95% CI "
        f"{wording.percent(low)} to {wording.percent(high)}). With a true win rate at the limit, "
        f"so few wins occur {wording.odds(by_chance, 'cases')}.",
        "The fixed limit is crossed. Check the average result too: a lower win rate with larger "
        "wins is fine.",
        {
            "wins": won,
            "trades": n,
            "limit": limit,
            "chance": by_chance,
            **_picture(frame, parameters["window"], trades, wins, limit, "limit"),
        },
    )


def _learned(
    frame: StrategyFrame, parameters: Values, trades: np.ndarray, wins: np.ndarray
) -> Finding | None:
    """Compares the current score with the lowest score of each past day."""
    cut = frame.today * 24 - frame.first_hour
    n_past, won_past = frame.hours.trades[:cut].sum(), frame.hours.wins[:cut].sum()
    rate = float(won_past / n_past) if n_past else 0.0
    if not 0 < rate < 1:
        return None
    enough = trades >= parameters["fewest_trades"]
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (wins - trades * rate) / np.sqrt(trades * rate * (1 - rate))
    score = np.where(enough, score, np.nan)
    comparison = significance.below(significance.worst_of_days(score[:cut]), float(score[-1]))
    if comparison is None or score[-1] >= 0:
        return None
    if not comparison.beyond(parameters["days_between_false_alarms"]):
        return None
    n, won = int(trades[-1]), int(wins[-1])
    by_chance = max(comparison.tail, significance.binomial_at_most(won, n, rate))
    if by_chance > 1 / parameters["days_between_false_alarms"]:
        return None
    return Finding(
        f"{frame.about} won {won:,} of {n:,} trades in the last {WINDOWS[parameters['window']]}: "
        f"win rate {wording.percent(won / n)} (usually {wording.percent(rate)}), the lowest in "
        f"{comparison.past} days for its number of trades. If nothing changed, this occurs "
        f"{wording.odds(by_chance)}.",
        "Check which exit reason replaced the wins. If targets are no longer reached, volatility "
        "is lower or higher than the parameters expect.",
        {
            "wins": won,
            "trades": n,
            "usual": rate,
            "days": comparison.past,
            "chance": by_chance,
            **_picture(frame, parameters["window"], trades, wins, rate, "usual"),
        },
    )


def _picture(
    frame: StrategyFrame,
    window: str,
    trades: np.ndarray,
    wins: np.ndarray,
    limit: float,
    bound: str,
) -> dict[str, Any]:
    """The win rate at the last 500 full hours whose window has trades."""
    known = np.flatnonzero(trades > 0)[-500:]
    first_day = (frame.first_hour + int(known[0])) // 24
    return wording.picture(
        (wins[known] / trades[known]).tolist(),
        limit,
        title=f"Win rate, last {WINDOWS[window]}",
        unit="ratio",
        since=wording.day(first_day),
        bound=bound,
    )


RULE = AlertRule(
    key="win_rate",
    title="Win rate too low",
    about="strategy",
    help="The win rate of the window is below a limit: a fixed one, or one learned from past "
    "results.",
    error_rate="Learned: about one false alarm in the chosen number of days, or in as many days "
    "as the history has (up to 180), if that is fewer. Fixed: not controlled; the alert says how "
    "often chance crosses the limit.",
    check=check,
    parameters=(
        Choice(
            "limit_from",
            LEARNED,
            (LEARNED, FIXED),
            help="Learned from past results, or the fixed limit below.",
        ),
        Number(
            "limit",
            0.40,
            0.01,
            0.99,
            0.01,
            unit="ratio",
            help="Fixed limit: alert if the win rate drops below it.",
        ),
        Choice(
            "window",
            "24h",
            tuple(WIDTHS),
            help="Period of the win rate. No alert before the strategy has traded for as long.",
        ),
        Integer(
            "fewest_trades",
            10,
            1,
            1_000,
            1,
            unit="trades",
            help="No alert with fewer trades in the window.",
        ),
        Integer(
            "days_between_false_alarms",
            365,
            30,
            10_000,
            5,
            unit="days",
            help="Mean time between false alarms of the learned limit.",
        ),
    ),
)
