"""The sentences of a report about results, from its data alone."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.reports import setup_text
from analytics.reports.data import (
    AlertLine,
    Difference,
    ExperimentLine,
    Funnels,
    HeadLine,
    RecommendationData,
    ReportData,
    Section,
    VersionGroup,
)
from trading import formatting
from trading.formatting import counted, percent, signed

BASE = {"day": "in the previous 7 days", "week": "in the previous 4 weeks"}
BASE_DAYS = {"day": 7, "week": 28}
PREVIOUS = {"day": "the day before", "week": "the week before"}
EXITS = 6
COMPLETE = 0.99  # share of the period with candles, below which the gap is reported
FEW = 10  # trades, below which a win rate is not put first


def head(data: ReportData) -> list[HeadLine]:
    """A line per strategy, with the sentences behind it."""
    return [
        HeadLine(
            strategy=section.strategy,
            mode=section.mode,
            name=section.display_name,
            text=line(section),
            why=[*why(section), *setup_text.brief(section)],
        )
        for section in data.strategies
    ]


def line(section: Section) -> str:
    """``Win rate 60% (up from 55%, not significant), 42 trades, +0.31% net``."""
    now = section.now
    if not now.trades:
        return f"No trades{_no_trades(section.funnel)}"
    result = f"{counted(now.trades, 'trade')}, {signed(now.total_pnl_pct)} net"
    if now.trades < FEW:
        return result
    return f"Win rate {rate(now.win_rate)}{_rate_change(section)}, {result}"


def rate(share: float | None) -> str:
    """A win rate in whole percent."""
    return percent(share, 0).text


def _rate_change(section: Section) -> str:
    gap = section.against_base.win_rate
    if gap is None:
        return ""
    now, before = rate(gap.now), rate(gap.before)
    if now == before:
        return f" (unchanged from {before})"
    way = "up" if gap.now > gap.before else "down"
    significance = "significant" if gap.beyond_chance else "not significant"
    return f" ({way} from {before}, {significance})"


def _no_trades(funnels: Funnels) -> str:
    """Why there was no trade, in a few words."""
    funnel = funnels.best
    if funnel is None:
        return " (cause unknown: no candles stored)"
    replayed = funnels.replayed
    source = "in a backtest" if replayed else "counted by the bot"
    if replayed and replayed.trades:
        return f" (a backtest of the period makes {replayed.trades})"
    if not funnel.evaluations:
        return f" (no evaluations {source})"
    evaluations = f"{counted(funnel.evaluations, 'evaluation')} {source}"
    if not funnel.most:
        return f" ({evaluations}, none rejected)"
    rejected = next(rejected for name, _, rejected in funnel.steps if name == funnel.most)
    share = rate(rejected / funnel.evaluations)
    return f" ({formatting.label(funnel.most)} rejected {share} of {evaluations})"


def why(section: Section) -> list[str]:
    """The sentences behind the line: significance, signal funnel, exits, changes, alerts."""
    return [
        *_average(section),
        *_funnel(section),
        *_exit_reasons(section),
        *(
            f"Version {change.version} went live on {change.at[:10]}: {change.sentence}"
            for change in section.changes
        ),
        *(alert(event) for event in section.alerts),
        *(_experiment(experiment) for experiment in section.experiments),
    ]


def _average(section: Section) -> list[str]:
    """The average PnL, compared with the periods before, and that of each version."""
    now, gap = section.now, section.against_base.avg_pnl_pct
    if not now.trades:
        return []
    average = f"Average PnL {signed(now.avg_pnl_pct, digits=3)}"
    if gap is None:
        return [f"{average}; too few earlier trades to compare with."]
    base = f"{signed(gap.before, digits=3)} {BASE[section.kind]}{_base_days(section)}"
    sentences = [f"{average} vs {base}: {_significance(gap)}."]
    gap = section.against_previous.avg_pnl_pct
    if gap and section.base != section.previous:
        previous = f"{PREVIOUS[section.kind]} ({signed(gap.before, digits=3)})"
        sentences.append(f"Compared with {previous}: {_significance(gap)}.")
    if len(section.versions) > 1:
        sentences += [_version(version) for version in section.versions]
    return sentences


def _base_days(section: Section) -> str:
    """Days with trades in the baseline, if not all."""
    if section.base_days >= BASE_DAYS[section.kind]:
        return ""
    return f" (trades on {counted(section.base_days, 'day')})"


def _significance(gap: Difference) -> str:
    """Whether a difference is significant, with its interval."""
    low, high = signed(gap.low, "", 3), signed(gap.high, "", 3)
    interval = f"95% CI of the difference {low} to {high} percentage points"
    if not gap.beyond_chance:
        return f"not statistically significant ({interval})"
    return f"significantly {'better' if gap.now > gap.before else 'worse'} ({interval})"


def _version(version: VersionGroup) -> str:
    name = f"Version {version.key}" if version.key else "Unknown parameters"
    result = (
        f"{name}: {counted(version.trades, 'trade')}, "
        f"average {signed(version.avg_pnl_pct, digits=3)}"
    )
    gap = version.against_base and version.against_base.avg_pnl_pct
    if not gap:
        return f"{result}; too few earlier trades to compare with."
    return f"{result} vs {signed(gap.before, digits=3)} before: {_significance(gap)}."


def _funnel(section: Section) -> list[str]:
    funnels, sentences = section.funnel, []
    if funnels.counted:
        sentences.append(f"Signal funnel (bot): {funnels.counted.sentence}.")
    replayed = funnels.replayed
    if replayed:
        values = (
            f"version {replayed.version}"
            if replayed.version
            else "the default parameters, because the live ones are unknown"
        )
        sentences.append(f"Backtest on {replayed.market} with {values}: {replayed.sentence}.")
        if replayed.covered < COMPLETE:
            sentences.append(
                f"Candles cover {rate(replayed.covered)} of the period; the rest is not backtested."
            )
        if replayed.trades:
            sentences.append(
                f"The backtest makes {counted(replayed.trades, 'trade')} "
                f"({signed(replayed.total_pnl_pct)} after assumed costs), the bot made none: check "
                "that it ran with these parameters."
            )
    if funnels.doubt:
        sentences.append(f"Backtests of this strategy are not reliable: {funnels.doubt}")
    if funnels.remark and not section.now.trades:
        sentences.append(f"No backtest: {funnels.remark}.")
    return sentences


def _exit_reasons(section: Section) -> list[str]:
    if not section.now.trades:
        return []
    reasons = [
        f"{formatting.label(group.key or '') or 'unknown'} {group.trades:,} "
        f"({signed(group.total_pnl_pct)})"
        for group in section.reasons[:EXITS]
    ]
    more = len(section.reasons) - EXITS
    reasons += [counted(more, "other reason")] if more > 0 else []
    return [f"Exit reasons: {', '.join(reasons)}."]


def alert(event: AlertLine) -> str:
    """``Alert opened: It lost 9 in a row.``"""
    return f"Alert {event.label.lower()}: {event.sentence}"


def _experiment(experiment: ExperimentLine) -> str:
    state = f"ended ({experiment.end_reason})" if experiment.ended else "is running"
    trades = counted(experiment.trades, "trade")
    result = " ".join(experiment.sentences)
    return f"Experiment {experiment.name} {state} with {trades}. {result}".strip()


def news(data: ReportData) -> bool:
    """Whether anything happened that is worth a message."""
    return bool(data.alerts) or any(
        section.now.trades
        or section.alerts
        or section.experiments
        or any(change.at >= data.since for change in section.changes)
        for section in data.strategies
    )


def title(data: ReportData) -> str:
    """``Daily Insights (2025-11-17)``."""
    period = "Weekly" if data.kind == "week" else "Daily"
    return f"{period} Insights ({data.day}{'' if data.complete else ', so far'})"


def first(recommendations: Sequence[RecommendationData]) -> str:
    """The most important recommendation in a line."""
    return recommendations[0].sentence if recommendations else "none."


def text(data: ReportData, recommendations: Sequence[RecommendationData]) -> str:
    """The report as plain text, for a terminal."""
    lines = [f"{title(data)} of {data.bot}:"]
    lines += [f"- {summary.name}: {summary.text}" for summary in data.head]
    if not data.head:
        lines.append("- No strategies yet.")
    lines.append(f"- Recommendation: {first(recommendations)}")
    for summary in data.head:
        if summary.why:
            lines += ["", f"{summary.name}:", *(f"  {sentence}" for sentence in summary.why)]
    lines += ["", *(alert(event) for event in data.alerts)]
    for advice in recommendations:
        prefix = "" if advice.standing else f"Recommendation ({advice.confidence} confidence): "
        lines += ["", f"{prefix}{advice.sentence}"]
        lines += [f"  {evidence.text}" for evidence in advice.evidence]
        lines += [f"  Risk: {advice.risk}"] if advice.risk else []
        lines += [f"  How to verify: {advice.test}"] if advice.test else []
    return "\n".join(lines).strip() + "\n"
