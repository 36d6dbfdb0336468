"""What a report contains: frozen structs, stored as JSON in ``Report.data`` and served by the API.

``to_json`` and ``from_json`` convert; ``parse`` makes a struct of anything that has its fields.
Results are in percent of the entry notional, ratios 0-1, times ISO 8601 in UTC. What is undefined
is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import numpy as np
from msgspec import Struct

from analytics.insights.market_state import Market
from analytics.insights.setup_table import Condition
from analytics.quant.exits import Quality, WhatIf

Interval = tuple[float, float]
T = TypeVar("T")


class Rate(Struct, frozen=True, kw_only=True):
    """The metrics of a group of trades that tables show."""

    trades: int
    win_rate: float | None
    avg_pnl_pct: float | None
    total_pnl_pct: float | None


class Metrics(Rate, frozen=True, kw_only=True):
    """All metrics of a group of trades (``trading.ledger.metrics``); money by currency."""

    wins: int
    losses: int
    breakeven: int
    win_rate_interval: Interval | None
    avg_pnl_pct_interval: Interval | None
    avg_win_pct: float | None
    avg_loss_pct: float | None
    payoff_ratio: float | None
    profit_factor: float | None
    expectancy_pct: float | None
    best_pct: float | None
    worst_pct: float | None
    std_pct: float | None
    sharpe_trade: float | None
    sharpe: float | None
    sortino: float | None
    max_drawdown_pct: float | None
    avg_hold_seconds: float | None
    exposure: float | None
    trades_per_day: float | None
    fees_known: int
    total_pnl: dict[str, float | None] = {}
    total_fees: dict[str, float | None] = {}
    max_drawdown_money: dict[str, float | None] = {}


class DetailedMetrics(Metrics, frozen=True, kw_only=True):
    """Metrics that need every trade are included."""

    median_pnl_pct: float | None
    longest_losing_streak: int | None
    avg_mfe_pct: float | None
    avg_mae_pct: float | None
    edge_captured: float | None


class Group(Metrics, frozen=True, kw_only=True):
    """The trades of one market or exit reason."""

    key: str | None


class Difference(Struct, frozen=True, kw_only=True):
    """Two averages and the 95% interval of ``now`` minus ``before``; ``beyond_chance``: the
    interval excludes 0."""

    now: float
    before: float
    low: float
    high: float
    beyond_chance: bool


class Comparison(Struct, frozen=True, kw_only=True):
    """Two periods compared; a part is None where a period has too few trades."""

    avg_pnl_pct: Difference | None
    win_rate: Difference | None
    design_effect: float


class VersionGroup(Group, frozen=True, kw_only=True):
    """The trades of one parameter version (None: unknown), compared with its earlier trades."""

    against_base: Comparison | None


class Total(Metrics, frozen=True, kw_only=True):
    """All strategies of a bot in one mode."""

    mode: str


class Funnel(Struct, frozen=True, kw_only=True):
    """Signal funnel: ``steps`` are (filter, evaluations in, rejected); ``most``: the filter that
    rejected most, None if none did."""

    evaluations: int
    signals: int
    steps: list[tuple[str, int, int]]
    most: str | None
    sentence: str


class ReplayedFunnel(Funnel, frozen=True, kw_only=True):
    """The funnel of a backtest; ``covered``: share of the period with candles, 0-1; ``version``:
    None where the declared defaults were used."""

    covered: float
    market: str
    interval: int
    version: int | None
    trades: int
    total_pnl_pct: float | None


class Funnels(Struct, frozen=True, kw_only=True):
    """``counted`` by the bot; ``replayed`` only where the bot made no trade. ``remark``: why there
    is no backtest; ``doubt``: why backtests of the strategy are not reliable."""

    counted: Funnel | None
    replayed: ReplayedFunnel | None = None
    remark: str = ""
    doubt: str = ""

    @property
    def best(self) -> Funnel | None:
        """The funnel that explains why there was no trade, if there is one."""
        return self.replayed or self.counted


class OpenPositions(Struct, frozen=True, kw_only=True):
    open_positions: int
    open_pnl: float | None


class Change(Struct, frozen=True, kw_only=True):
    """A change of parameters and its result so far; ``compared``: the version it is compared with,
    ``parameters``: (name, old, new)."""

    version: int
    at: str
    compared: int | None
    reason: str
    by: str
    origin: str
    parameters: list[tuple[str, Any, Any]]
    trades: int
    word: str | None
    sentence: str
    more_trades: int | None


class AlertLine(Struct, frozen=True, kw_only=True):
    """An event of an alert; ``label`` is the display name of its ``type``."""

    alert: int
    at: str
    type: str
    label: str
    severity: str
    sentence: str


class ExperimentLine(Struct, frozen=True, kw_only=True):
    """An experiment as it stood at the end of the report."""

    id: int
    name: str
    design: str
    status: str
    started: str
    trades: int
    max_trades: int | None
    max_days: float | None
    ended: str | None
    end_reason: str
    sentences: list[str]


class GroupMetrics(Rate, frozen=True, kw_only=True):
    """The metrics kept of a setup or a market regime."""

    profit_factor: float | None


class SetupLine(Struct, frozen=True, kw_only=True):
    """A setup that differs significantly; fields as in ``analytics.insights.setup_table.Setup``."""

    conditions: list[Condition]
    metrics: GroupMetrics
    days: int
    win_rate_shrunk: float | None
    excess: float
    shrunk: float
    low: float
    high: float
    wrong_sign: float
    needed: int | None


class FeatureBin(Rate, frozen=True, kw_only=True):
    """The trades with one value, or range of values, of one feature; ``named``: it differs
    significantly."""

    condition: Condition
    named: bool
    shrunk: float | None


class Setups(Struct, frozen=True, kw_only=True):
    """Setups of the last ``days_back`` days; the other fields are those of
    ``analytics.insights.breakdown.Breakdown``."""

    days_back: int
    unit: str
    trades: int
    days: int
    mean: float | None
    sd: float | None
    looked: int
    verdict: str
    needed: int | None
    tells: float | None
    best: list[SetupLine]
    worst: list[SetupLine]
    singles: dict[str, list[FeatureBin]]
    missing: list[str]


class Regimes(Struct, frozen=True, kw_only=True):
    """Metrics by market regime and session at entry, by label."""

    volatility: dict[str, GroupMetrics]
    session: dict[str, GroupMetrics]
    adx: dict[str, GroupMetrics]
    unlabelled: int
    sources: dict[str, int]


class Exits(Struct, frozen=True, kw_only=True):
    """Exit analysis: ``better`` are what-ifs with a significant gain; ``targets`` and ``stops``
    those that change one of the two. ``why``: why there are no what-ifs, None where there are."""

    trades: int
    recorded: int
    from_candles: int
    unknown: int
    why: str | None
    overall: Quality
    reasons: dict[str, Quality]
    better: list[WhatIf]
    targets: list[WhatIf]
    stops: list[WhatIf]


class Section(Struct, frozen=True, kw_only=True):
    """One strategy in one mode. ``previous``: the day (week) before, ``base``: the 7 days (4
    weeks) before, ``recent``: the 30 days up to the end; ``*_days``: days with trades in it.
    ``days``: (day, trades, total PnL %) of the days with trades among the last 30."""

    instance: int
    strategy: str
    mode: str
    kind: str
    status: str
    name: str
    version: int | None
    now: DetailedMetrics
    previous: Metrics
    base: Metrics
    recent: Metrics
    recent_days: int
    base_days: int
    against_previous: Comparison
    against_base: Comparison
    markets: list[Group]
    reasons: list[Group]
    versions: list[VersionGroup]
    days: list[tuple[str, int, float | None]]
    open: OpenPositions | None
    funnel: Funnels
    changes: list[Change]
    alerts: list[AlertLine]
    experiments: list[ExperimentLine]
    setups: Setups | None
    market: list[Market]
    regimes: Regimes | None
    exits: Exits | None

    @property
    def display_name(self) -> str:
        """``RSI+BB``, or ``RSI+BB (paper)``."""
        return f"{self.name} (paper)" if self.mode == "paper" else self.name


class HeadLine(Struct, frozen=True, kw_only=True):
    """The summary of a strategy in a line, and the sentences behind it."""

    strategy: str
    mode: str
    name: str
    text: str
    why: list[str]


class ReportData(Struct, frozen=True, kw_only=True):
    """A report of a bot."""

    kind: str
    day: str
    bot: str
    since: str
    until: str
    complete: bool
    strategies: list[Section]
    alerts: list[AlertLine]
    totals: list[Total]
    head: list[HeadLine] = []


class Evidence(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A sentence and what shows it: a stored backtest ``run``, a parameter ``version`` or a
    ``part`` of the report (numbers, funnel, setups, exits)."""

    text: str
    run: int | None = None
    version: int | None = None
    part: str = ""


class Effect(Struct, frozen=True, kw_only=True):
    """Expected change of the average PnL per trade in percentage points, with its 95% interval;
    ``of`` says what is compared."""

    avg_pnl_pct: float | None = None
    low: float | None = None
    high: float | None = None
    of: str = ""
    trades: int | None = None


class RecommendationData(Struct, frozen=True, kw_only=True):
    """A recommendation as it stood when a report was written; ``changes``: parameter -> (old, new),
    ``times``: days on which it was proposed. A ``standing`` one asks for no decision."""

    id: int
    strategy: str
    mode: str
    kind: str
    sentence: str
    changes: dict[str, tuple[Any, Any]]
    evidence: list[Evidence]
    effect: Effect | None
    risk: str
    test: str
    confidence: str
    times: int
    standing: bool = False


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_plain, decimal_format="number")


def to_json(value: object) -> Any:
    """Structs, dataclasses and numbers of any kind as plain dicts, lists, texts and numbers."""
    return msgspec.json.decode(_ENCODER.encode(value))


def parse(value: object, kind: type[T]) -> T:
    """A struct of anything with its fields; others are ignored. Raises ValidationError."""
    return msgspec.json.decode(_ENCODER.encode(value), type=kind)


def from_json(data: object) -> ReportData:
    """The content of ``Report.data``."""
    return parse(data, ReportData)


def recommendations_from_json(data: Sequence[object]) -> list[RecommendationData]:
    """The content of ``Report.recommendations``."""
    return parse(data, list[RecommendationData])
