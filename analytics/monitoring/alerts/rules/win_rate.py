"""The win rate is below a limit, or below what the past makes plausible."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from analytics.monitoring.alerts import wording
from analytics.monitoring.alerts.base import AlertRule, Finding, Values
from analytics.monitoring.alerts.inputs import StrategyFrame
from analytics.quant import significance
from trading.ledger.metrics import wilson
from trading.strategies.parameters import Choice, Integer, Number

WIDTHS = {"24h": 24, "7d": 168}
LEARNED, FIXED = "learned", "fixed"


def check(frame: StrategyFrame, as_of: datetime, parameters: Values) -> Finding | None:
    width = WIDTHS[parameters["window"]]
    trades, wins = (
        significance.rolling(one, width) for one in (frame.hours.trades, frame.hours.wins)
    )
    if not trades.size or not trades[-1] >= parameters["fewest_trades"]:
        return None
    rule = _fixed if parameters["limit_from"] == FIXED else _learned
    return rule(frame, parameters, trades, wins)


def _fixed(
    frame: StrategyFrame, parameters: Values, trades: np.ndarray, wins: np.ndarray
) -> Finding | None:
    n, won, limit = int(trades[-1]), int(wins[-1]), parameters["limit"]
    if won / n >= limit:
        return None
    by_chance = significance.binomial_at_most(won, n, limit)
    low, high = wilson(won, n)
    return Finding(
        f"{frame.about} won {won} of {n} trades in {parameters['window']} "
        f"({wording.percent(won / n)}), below your limit of {wording.percent(limit)}. With so many "
        f"trades its true rate lies between {wording.percent(low)} and {wording.percent(high)}; at "
        f"exactly the limit, so few wins come {wording.odds(by_chance, 'times')}.",
        "A limit of your own is crossed; whether it means something depends on the number of "
        "trades. Compare it with the average result: a lower win rate with larger wins is fine.",
        {
            "wins": won,
            "trades": n,
            "limit": limit,
            "chance": by_chance,
            **wording.picture(_rates(trades, wins), limit),
        },
    )


def _learned(
    frame: StrategyFrame, parameters: Values, trades: np.ndarray, wins: np.ndarray
) -> Finding | None:
    """The same score at every hour of the past; the lowest of each day is what is compared."""
    cut = frame.today * 24 - frame.first_hour
    n_past, won_past = frame.hours.trades[:cut].sum(), frame.hours.wins[:cut].sum()
    rate = float(won_past / n_past) if n_past else 0.0
    if not 0 < rate < 1:
        return None
    enough = trades >= parameters["fewest_trades"]
    with np.errstate(invalid="ignore", divide="ignore"):
        score = (wins - trades * rate) / np.sqrt(trades * rate * (1 - rate))
    score = np.where(enough, score, np.nan)
    found = significance.below(significance.worst_of_days(score[:cut]), float(score[-1]))
    if found is None or not found.beyond(parameters["days_between_false_alarms"]) or score[-1] >= 0:
        return None
    n, won = int(trades[-1]), int(wins[-1])
    by_chance = max(found.tail, significance.binomial_at_most(won, n, rate))
    if by_chance > 1 / parameters["days_between_false_alarms"]:
        return None
    return Finding(
        f"{frame.about} won {won} of {n} trades in {parameters['window']} "
        f"({wording.percent(won / n)}); {wording.percent(rate)} is usual, and no hour of "
        f"{found.past} days was as low for its number of trades. By chance it would come "
        f"{wording.odds(by_chance)}.",
        "Look which exit reason took the place of the wins. If targets are no longer reached, the "
        "market has become calmer or wilder than the parameters expect.",
        {
            "wins": won,
            "trades": n,
            "usual": rate,
            "days": found.past,
            "chance": by_chance,
            **wording.picture(_rates(trades, wins), rate),
        },
    )


def _rates(trades: np.ndarray, wins: np.ndarray) -> list[float]:
    known = trades > 0
    return (wins[known] / trades[known]).tolist()[-500:]


RULE = AlertRule(
    key="win_rate",
    title="Win rate too low",
    about="strategy",
    help="The share of winning trades of the window is below a limit: your own, or one learned "
    "from the past.",
    error_rate="Learned: about one false alarm in the chosen number of days, or in as many days "
    "as the past has (up to 180), if that is fewer. Fixed: the limit is yours; the alert says how "
    "often chance crosses it.",
    check=check,
    parameters=(
        Choice(
            "limit_from",
            LEARNED,
            (LEARNED, FIXED),
            help="Learned from the past, or the fixed limit below.",
        ),
        Number(
            "limit",
            0.40,
            0.01,
            0.99,
            0.01,
            unit="ratio",
            help="The fixed limit: alert if the win rate drops below.",
        ),
        Choice(
            "window",
            "24h",
            tuple(WIDTHS),
            help="Over how long; nothing is said before the strategy has traded for as long.",
        ),
        Integer(
            "fewest_trades",
            10,
            1,
            1_000,
            1,
            unit="trades",
            help="With fewer trades in the window nothing is said.",
        ),
        Integer(
            "days_between_false_alarms",
            365,
            30,
            10_000,
            5,
            unit="days",
            help="Average time between false alarms of the learned limit.",
        ),
    ),
)
