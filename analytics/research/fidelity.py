"""Replays held against what the bot really did, with the parameters that were live then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics.frames import replay
from analytics.frames.replay import Lived, Told, Traded
from analytics.models import Run
from analytics.quant import fidelity, outcome, segments
from analytics.quant.fidelity import Trades
from analytics.quant.outcome import Costs, Replayed
from analytics.quant.segments import WARM, Stretch
from analytics.research import backtest, bars, fidelity_reasons, run_store, trust
from analytics.research.run_store import Outcome
from trading import clock, strategies
from trading.parameters import outcomes
from trading.strategies.base import Strategy
from trading.strategies.engine import tape
from trading.strategies.engine.walk import Bars, version_of
from trading.strategies.parameters import Value

if TYPE_CHECKING:
    from analytics.frames.reports import ParameterSet, StrategyInstance

DAYS = 30
KEPT = 14  # nightly comparisons of a strategy in a market


class NothingToCompare(LookupError):
    """No recorded trades, or none whose parameters are known; the text says what there is."""


def prepare(
    instance: StrategyInstance,
    market: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    **fields: Any,
) -> Run:
    """A comparison that was not stored yet, of the trades entered and left in a time; without
    ``since`` of the newest 30 days that have some, without a market of that with most.

    Raises NothingToCompare, NoBars, NotReplayable, UnknownStrategy.
    """
    if instance.strategy not in strategies.REGISTRY:
        raise backtest.NotReplayable(
            f"{instance.name} is declared by its bot: its rules are not here"
        )
    rules = backtest.replayable(instance.strategy)
    mode = outcomes.mode_of(instance)
    place = _traded(instance, mode, market, since, until)
    since = max(since, place.first) if since else place.first
    until = place.last + clock.MICROSECOND
    stretches = replay.told(instance.pk, since, until)
    sets = replay.sets({stretch.parameter_set for stretch in stretches if stretch.parameter_set})
    if not sets:
        raise NothingToCompare(_unknown(instance, since, until))
    values = [rules.complete(parameter_set.values) for parameter_set in sets.values()]
    candles = {int(value.get("candle_interval_seconds", 60)) for value in values}
    interval = bars.covering(instance.bot, place.market, candles, since, until)
    fee, source = _fee(instance, place.market, mode, since, until)
    newest = sets[
        next(stretch.parameter_set for stretch in reversed(stretches) if stretch.parameter_set)
    ]
    return Run(
        kind=Run.Kind.FIDELITY,
        strategy=rules.key,
        market=place.market,
        interval=interval,
        bot=instance.bot,
        instance=instance,
        parameter_set=newest,
        values=rules.complete(newest.values),
        from_at=since - timedelta(seconds=WARM * max(*candles, interval)),
        to_at=until,
        costs={**asdict(Costs(fee)), "source": source},
        options={
            "intrabar": None,
            "next_open": False,
            "mode": mode,
            "since": clock.to_text(since),
            "until": clock.to_text(until),
            "told": [_told(stretch, sets) for stretch in stretches],
        },
        label=f"{instance.name} on {place.market}: beside {mode} trades"[: backtest.LABEL],
        **fields,
    )


def _traded(
    instance: StrategyInstance,
    mode: str,
    market: str,
    since: datetime | None,
    until: datetime | None,
) -> Traded:
    until = until or clock.now() + clock.MICROSECOND
    there = replay.traded(instance.pk, mode, since, until, timedelta(days=DAYS))
    wanted = [place for place in there if market in ("", place.market)]
    if not wanted:
        when = (
            f"from {fidelity_reasons.day(since)} to {fidelity_reasons.day(until)} UTC"
            if since
            else "so far"
        )
        where = f" in {market}" if market else ""
        have = ", ".join(place.market for place in there)
        more = f" (it has in {have})" if have else ""
        raise NothingToCompare(
            f"{instance.name} of {instance.bot} has no {mode} trades{where} {when}{more}, so there "
            "is nothing to hold its replay against"
        )
    return wanted[0]


def _unknown(instance: StrategyInstance, since: datetime, until: datetime) -> str:
    return (
        f"which parameters {instance.name} of {instance.bot} ran from "
        f"{fidelity_reasons.day(since)} to {fidelity_reasons.day(until)} UTC is not known; "
        "import them with its trades: python3 manage.py import_bot_db FILE --bot NAME "
        "--parameters FILE --valid-from TIME"
    )


def _told(stretch: Told, sets: dict[int, ParameterSet]) -> list[Any]:
    """[from, until, set, version], the last two None where it is not known what was live."""
    parameter_set = sets.get(stretch.parameter_set or 0)
    ends = [stretch.since.timestamp(), stretch.until.timestamp()]
    return [*ends, parameter_set and parameter_set.pk, parameter_set and parameter_set.version]


def _fee(
    instance: StrategyInstance, market: str, mode: str, since: datetime, until: datetime
) -> tuple[float, str]:
    """What the trades compared paid themselves; their prices hold spread and slippage."""
    paid = replay.lived(instance.pk, market, mode, since, until).fee_bps
    paid = paid[np.isfinite(paid)]
    if paid.size < backtest.FEWEST_FEES:
        return 0.0, "none: the trades compared state no fees, and slippage is what is measured"
    fee = round(float(np.median(paid)), 4)
    return fee, "the fee is that of the trades compared; slippage is what is measured"


def compare(run: Run, tell: backtest.Tell = lambda share: None) -> Outcome:
    """Replay and compare, in this process. Raises as ``lab.backtest``, and NothingToCompare."""
    rules = backtest.replayable(run.strategy)
    start = datetime.fromisoformat(run.options["since"])
    loaded = bars.load(run.bot, run.market, run.interval, run.from_at, run.to_at, start)
    run.bars, run.data_hash = len(loaded.candles), run_store.fingerprint(loaded.candles)
    run.code_version = version_of(rules)
    read, costs = backtest.columns(loaded.candles), backtest.costs_of(run)
    parts = _stretches(rules, run)
    replayed, of = segments.replayed(
        rules, parts, read, run.interval, costs.fills(run.options["intrabar"]), tell
    )
    since, until = (datetime.fromisoformat(run.options[name]) for name in ("since", "until"))
    lived = replay.lived(_instance(run), run.market, run.options["mode"], since, until)
    known = _known(lived, run.options["told"])
    seen = _seen(lived, read, run.interval, replayed.candle)
    used = np.flatnonzero(known & seen)
    compared = fidelity.compare(
        lived.trades.take(used),
        replay_trades(rules, replayed),
        float(replayed.candle),
        until.timestamp(),
    )
    result = backtest.outcome_of(segments.closed_before(replayed, until.timestamp()), costs, loaded)
    assumed = backtest.cost_model(run.instance, run.market)[0]
    beyond = (assumed.spread_bps + 2 * assumed.slippage_bps) / 100
    facts = fidelity_reasons.Facts(
        compared=compared,
        strategy=rules,
        interval=run.interval,
        candle=replayed.candle,
        raised=replayed.raised,
        gaps=replayed.gaps,
        unknown=int((~known).sum()),
        unseen=int((known & ~seen).sum()),
        different=_different(lived, used, run.options["told"]),
        unreported=int((lived.reported[used] == 0).sum()),
        flatters=fidelity.flatters(compared.gap, beyond),
    )
    result.summary["fidelity"] = {
        **asdict(compared),
        "exits": [list(pair) for pair in compared.exits],
        "unknown_set": facts.unknown,
        "without_candles": facts.unseen,
        "other_version": facts.different,
        "assumed_costs_pct": beyond,
        "verdict": fidelity_reasons.verdict(facts),
        "reasons": fidelity_reasons.reasons(facts),
        "sets": _by_set(rules, replayed, of, parts, run.options["told"]),
    }
    result.summary["counted"] = backtest.counted(_instance(run), since, until, run.market)
    return result


def _instance(run: Run) -> int:
    """The key of the strategy that a comparison is about."""
    assert run.instance_id is not None
    return run.instance_id


def lived(run: Run, since: datetime | None, until: datetime | None) -> Trades:
    """The bot's own trades that a comparison is about, of a part of its time or of all."""
    first, last = (datetime.fromisoformat(run.options[name]) for name in ("since", "until"))
    return replay.lived(
        _instance(run),
        run.market,
        run.options["mode"],
        max(since or first, first),
        min(until or last, last),
    ).trades


def replay_trades(rules: Strategy, replayed: Replayed) -> Trades:
    """The trades of a replay as those of a bot."""
    rows = replayed.rows
    names = [*rules.exit_reasons, outcome.END_OF_DATA]  # whose place is -1
    return Trades(
        rows[:, tape.SIDE],
        rows[:, tape.ENTERED],
        rows[:, tape.LEFT],
        rows[:, tape.ENTRY],
        rows[:, tape.LEAVING],
        rows[:, tape.RESULT],
        np.array([names[int(at)] for at in rows[:, tape.REASON]], dtype=object),
    )


def _stretches(rules: Strategy, run: Run) -> list[Stretch]:
    """Those whose values are known, from the run's own record."""
    known = [stretch for stretch in run.options["told"] if stretch[2] is not None]
    sets = replay.sets({stretch[2] for stretch in known})
    gone = next((stretch[3] for stretch in known if stretch[2] not in sets), None)
    if gone is not None:
        raise NothingToCompare(f"version {gone} of the parameters is no longer stored")
    values: dict[int, dict[str, Value]] = {
        key: rules.complete(parameter_set.values) for key, parameter_set in sets.items()
    }
    return [Stretch(start, end, values[key]) for start, end, key, _ in known]


def _known(lived: Lived, stretches: Sequence[Any]) -> np.ndarray:
    """Which trades were entered while it is known what was live."""
    entered = lived.trades.entered
    known = np.zeros(entered.size, bool)
    for start, end, key, _ in stretches:
        if key is not None:
            known |= (entered >= start - fidelity.ROOM) & (entered < end)
    return known


def _seen(lived: Lived, read: Bars, interval: int, candle: int) -> np.ndarray:
    """Which trades were entered where there are candles."""
    ends = read.time + interval
    at = np.searchsorted(ends, lived.trades.entered, "right")
    before = np.where(at > 0, ends[np.maximum(at - 1, 0)], -np.inf)
    after = np.where(at < ends.size, ends[np.minimum(at, ends.size - 1)], np.inf)
    entered = lived.trades.entered
    return np.minimum(entered - before, after - entered) <= max(candle, interval)


def _different(lived: Lived, used: np.ndarray, stretches: Sequence[Any]) -> int:
    """How many trades report another version than was live when they were entered."""
    starts = np.array([stretch[0] for stretch in stretches])
    version = np.array([stretch[3] or 0 for stretch in stretches], np.int64)
    at = np.searchsorted(starts, lived.trades.entered[used] + fidelity.ROOM, "right") - 1
    reported = lived.reported[used]
    return int(((reported != 0) & (reported != version[np.maximum(at, 0)])).sum())


def _by_set(
    rules: Strategy,
    replayed: Replayed,
    of: np.ndarray,
    parts: Sequence[Stretch],
    stretches: Sequence[Any],
) -> list[dict[str, Any]]:
    """By version: seconds for which it was live, stretches, and trades of the replay."""
    named = [stretch[3] for stretch in stretches if stretch[2] is not None]
    table: dict[int, dict[str, Any]] = {}
    for at, (version, part) in enumerate(zip(named, parts, strict=True)):
        row = table.setdefault(
            version, {"version": version, "seconds": 0.0, "stretches": 0, "trades": 0}
        )
        row["seconds"] += part.end - part.start
        row["stretches"] += 1
        row["trades"] += int((of == at).sum())
    return list(table.values())


def work(*, as_of: datetime, run: int) -> dict[str, Any]:
    """The job: do a comparison that was queued."""
    return backtest.carry_out(run, compare)


def nightly(*, as_of: datetime) -> dict[str, Any]:
    """The job: compare each strategy that traded since its newest comparison, where candles and
    parameters are known; a comparison that cannot be made is passed over."""
    since = as_of - timedelta(days=DAYS)
    asked, passed = [], []
    for instance in replay.lately_traded(since, as_of, backtest.replayable_keys()):
        try:
            run = prepare(instance, until=as_of)
        except (LookupError, ValueError) as refused:
            passed.append(f"{instance}: {refused}"[:200])
            continue
        if trust.compared_until(instance.pk, run.market) == run.options["until"]:
            continue
        run.options["nightly"] = True
        asked.append(backtest.submit(run).pk)
        run_store.thin(instance.pk, run.market, KEPT)
    return {"asked": asked, "passed_over": passed}
