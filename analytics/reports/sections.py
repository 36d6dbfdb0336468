"""The section of one strategy in a report, and the alerts and totals of its bot."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from analytics import frames
from analytics.frames import reports
from analytics.frames.reports import Bot, StrategyInstance
from analytics.models import AlertEvent
from analytics.quant import compare
from analytics.reports import deep_sections
from analytics.reports.data import (
    AlertLine,
    Change,
    Comparison,
    DetailedMetrics,
    Difference,
    ExperimentLine,
    Funnel,
    Funnels,
    Group,
    Metrics,
    OpenPositions,
    ReplayedFunnel,
    Section,
    Total,
    VersionGroup,
    parse,
)
from analytics.reports.period import Period
from analytics.research import no_trades, trust
from trading import clock
from trading.bots.catalog import declaration
from trading.parameters.outcomes import of_changes
from trading.performance import Group as Measured
from trading.performance import measure
from trading.performance.open_positions import open_positions
from trading.performance.selection import Selection
from trading.strategies.base import Strategy

RECENT = timedelta(days=30)  # by which a strategy is judged as a whole
HISTORY = timedelta(days=60)  # for the design effect: how much trades of a day move together
CHANGES = timedelta(days=14)  # how long a change of parameters is reported
CURRENT = timedelta(days=1)  # open positions are known only so long after the end
MOST = 20


def section(instance: StrategyInstance, mode: str, period: Period) -> Section:
    """All about one strategy in one mode."""
    strategy = declaration(instance)
    selection = Selection(instance=instance, mode=mode, since=period.since, until=period.until)
    now = _whole(selection, detail=True)
    previous, base = (_between(instance, mode, *days) for days in (period.previous, period.base))
    recent = _between(instance, mode, period.until - RECENT, period.until)
    design = _design_effect(_between(instance, mode, period.until - HISTORY, period.until))
    deep = deep_sections.deep_sections(instance, mode, period.until)
    return Section(
        instance=instance.pk,
        strategy=instance.name,
        mode=mode,
        kind=period.kind,
        status=instance.status,
        name=_name(instance, strategy),
        version=_version(instance, period.until),
        now=parse(now.metrics, DetailedMetrics),
        previous=parse(previous.metrics, Metrics),
        base=parse(base.metrics, Metrics),
        recent=parse(recent.metrics, Metrics),
        recent_days=_days_traded(recent),
        base_days=_days_traded(base),
        against_previous=_compared(now, previous, design),
        against_base=_compared(now, base, design),
        markets=_groups(selection, "market"),
        reasons=_groups(selection, "exit_reason"),
        versions=_versions(instance, mode, period, design),
        days=_days(instance, mode, period),
        open=_open_positions(selection, period.until),
        funnel=_funnels(instance, strategy, period, now),
        changes=_changes(instance, mode, period.until),
        alerts=alerts(instance.bot, instance, period, mode),
        experiments=_experiments(instance, period),
        setups=deep.setups,
        market=deep.market,
        regimes=deep.regimes,
        exits=deep.exits,
    )


def _name(instance: StrategyInstance, strategy: Strategy | None) -> str:
    """``RSI+BB``, or ``RSI+BB @sol``."""
    short = (strategy.short or strategy.title) if strategy else instance.strategy
    return f"{short} @{instance.label}" if instance.label else str(short)


def _whole(selection: Selection, detail: bool = False) -> Measured:
    [whole] = measure(selection, detail=detail)
    return whole


def _between(instance: StrategyInstance, mode: str, since: datetime, until: datetime) -> Measured:
    return _whole(Selection(instance=instance, mode=mode, since=since, until=until))


def _groups(selection: Selection, by: str) -> list[Group]:
    """The trades by market or exit reason, the largest groups first."""
    groups = [parse({"key": part.key, **part.metrics}, Group) for part in measure(selection, by)]
    return sorted(groups, key=lambda group: -group.trades)[:MOST]


def _versions(
    instance: StrategyInstance, mode: str, period: Period, design: float
) -> list[VersionGroup]:
    """The trades by parameter version, each compared with its own trades in the baseline."""
    now, before = (
        {
            group.key: group
            for group in measure(
                Selection(instance=instance, mode=mode, since=since, until=until), "version"
            )
        }
        for since, until in ((period.since, period.until), period.base)
    )
    versions = []
    for key, group in now.items():
        compared = _compared(group, before[key], design) if key in before else None
        versions.append(
            parse({"key": key, **group.metrics, "against_base": compared}, VersionGroup)
        )
    return sorted(versions, key=lambda version: -version.trades)[:MOST]


def _days(
    instance: StrategyInstance, mode: str, period: Period
) -> list[tuple[str, int, float | None]]:
    since = period.end - timedelta(days=30)
    selection = Selection(instance=instance, mode=mode, since=since, until=period.until)
    return [
        (str(day.key), day.metrics["trades"], day.metrics["total_pnl_pct"])
        for day in measure(selection, "day")
    ]


def _days_traded(group: Measured) -> int:
    return int((group.daily.trades > 0).sum())


def _sums(group: Measured) -> compare.Sums:
    """Trades, sum and sum of squares of their results."""
    n, mean, std = (group.metrics[name] for name in ("trades", "avg_pnl_pct", "std_pct"))
    if not n:
        return 0.0, 0.0, 0.0
    return float(n), n * mean, (n - 1) * (std or 0.0) ** 2 + n * mean * mean


def _design_effect(group: Measured) -> float:
    active = group.daily.trades > 0
    squares = np.array([_sums(group)[2]])
    return compare.design_effect(
        group.daily.trades[active].astype(np.float64), group.daily.totals[active], squares
    )


def _compared(now: Measured, before: Measured, design: float) -> Comparison:
    """Differences of the average and the win rate, their intervals widened by the design effect."""
    rates = [(group.metrics["wins"], group.metrics["trades"]) for group in (now, before)]
    return Comparison(
        avg_pnl_pct=_difference(compare.means(_sums(now), _sums(before), design)),
        win_rate=_difference(compare.rates(rates[0], rates[1], design)),
        design_effect=design,
    )


def _difference(gap: compare.Difference | None) -> Difference | None:
    if gap is None:
        return None
    return Difference(
        now=gap.now,
        before=gap.before,
        low=gap.low,
        high=gap.high,
        beyond_chance=gap.low > 0 or gap.high < 0,
    )


def _version(instance: StrategyInstance, at: datetime) -> int | None:
    live = frames.live_at(instance.pk, at)
    return live[1] if live else None


def _open_positions(selection: Selection, until: datetime) -> OpenPositions | None:
    """Open positions at the end; None where that is too long ago to know."""
    if clock.now() - until > CURRENT:
        return None
    return parse(open_positions(selection, None, None), OpenPositions)


def _funnels(
    instance: StrategyInstance, strategy: Strategy | None, period: Period, now: Measured
) -> Funnels:
    """The bot's own counts and, if it made no trade, a backtest of the period."""
    counts = no_trades.counted(instance, strategy, period.since, period.until)
    counted = parse(counts, Funnel) if counts else None
    if now.metrics["trades"]:
        return Funnels(counted=counted)
    try:
        replay = no_trades.replayed(instance, period.since, period.until)
    except no_trades.NotSeen as error:
        return Funnels(counted=counted, remark=str(error))
    fidelity = trust.trust(instance, period.until)
    return Funnels(
        counted=counted,
        replayed=parse(replay, ReplayedFunnel),
        doubt=" ".join(fidelity.reasons[:1]) if fidelity.doubted else "",
    )


def _changes(instance: StrategyInstance, mode: str, until: datetime) -> list[Change]:
    """Changes of parameters in the last 14 days, newest first."""
    return [
        Change(
            version=change.after.version,
            at=clock.to_text(change.changed_at),
            compared=change.compared.version if change.compared else None,
            reason=change.after.reason,
            by=change.changed_by,
            origin=change.after.origin,
            parameters=[(row["name"], row["old"], row["new"]) for row in change.rows[:MOST]],
            trades=change.trades_after,
            word=change.verdict.word,
            sentence=change.verdict.sentence,
            more_trades=change.verdict.more_trades,
        )
        for change in of_changes(instance, mode, as_of=until)
        if change.before is not None and change.changed_at >= until - CHANGES
    ][:MOST]


def alerts(
    bot: Bot, instance: StrategyInstance | None, period: Period, mode: str = ""
) -> list[AlertLine]:
    """Events of alerts in the period: of a strategy, or (None) of the bot itself."""
    events = AlertEvent.objects.filter(
        alert__bot=bot, alert__instance=instance, at__gte=period.since, at__lt=period.until
    ).select_related("alert")
    if mode:
        events = events.filter(alert__mode=mode)
    return [
        AlertLine(
            alert=event.alert_id,
            at=clock.to_text(event.at),
            type=event.type,
            label=event.get_type_display(),
            severity=event.severity,
            sentence=event.sentence,
        )
        for event in events.order_by("at", "pk")[:MOST]
    ]


def _experiments(instance: StrategyInstance, period: Period) -> list[ExperimentLine]:
    return [
        ExperimentLine(
            id=experiment.pk,
            name=experiment.name,
            design=experiment.design,
            status=experiment.status if over else "active",
            started=clock.to_text(experiment.started_at),
            trades=comparison.trades,
            max_trades=experiment.max_trades,
            max_days=experiment.max_days,
            ended=clock.to_text(experiment.ended_at) if over else None,
            end_reason=experiment.end_reason if over else "",
            sentences=[side.verdict.sentence for side in comparison.sides if side.verdict],
        )
        for experiment, over, comparison in reports.experiments(
            instance.pk, period.since, period.until, MOST
        )
    ]


def totals(bot: Bot, period: Period) -> list[Total]:
    """All strategies of a bot together, by mode; modes without trades are left out."""
    wholes = {
        mode: _whole(Selection(bot=bot, mode=mode, since=period.since, until=period.until))
        for mode in ("live", "paper")
    }
    return [
        parse({"mode": mode, **whole.metrics}, Total)
        for mode, whole in wholes.items()
        if whole.metrics["trades"]
    ]
