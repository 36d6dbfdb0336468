#!/usr/bin/env python3
"""A sweep of 1 000 combinations of the plain rule, beside the peers and beside reading two columns
once for each combination.

    python3 benchmarks/sweep.py

The peers are measured where they are installed, on some of the combinations, and reckoned up.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import argparse
import contextlib
import io
import os
import resource
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import plain_rule as rule
from figures import Table, times
from replay import FEE, INTERVAL, indicators, market, peer

from trading.strategies.engine.sweep import Sweep
from trading.strategies.engine.walk import Bars, Fills, Walk

VARIED = {
    "rsi_period": (7, 10, 14, 18, 21),
    "bb_period": (15, 20, 25, 30, 40),
    "bb_std": (1.5, 2.0, 2.25, 2.5, 2.75),
    "rsi_low": (15.0, 20.0, 25.0, 30.0),
    "stop": (0.01, 0.02),
}
FILLS = Fills(fee_bps=FEE * 10_000, next_open=True, intrabar=True)
BARS = {"backtesting": 2_000, "vectorbt": 300}
STREAM, MEMORY = 2.0, 400


def combinations() -> list[dict]:
    return [rule.VALUES | dict(zip(VARIED, one, strict=True)) for one in product(*VARIED.values())]


def timed(run: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Least elapsed and least processor seconds."""
    elapsed, spent = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), time.process_time()
        run()
        elapsed.append(time.perf_counter() - began)
        spent.append(time.process_time() - used)
    return min(elapsed), min(spent)


def check(bars: Bars, sets: list[dict], found: np.ndarray) -> None:
    """Some of the sums against replays of their own. Exits with an error where they differ."""
    for at in range(0, len(sets), 101):
        walk = Walk(rule.STRATEGY, sets[at], INTERVAL, FILLS)
        rows = walk.take(bars)
        last = walk.finish(float(bars.close[-1]), float(bars.time[-1]) + INTERVAL)
        if len(rows) + len(last) != found["trades"][at]:
            raise SystemExit(f"combination {at}: {len(rows)} and {found['trades'][at]} trades")
    print(f"the trades of single replays; {found['trades'].mean():,.0f} a combination", flush=True)


def streaming(bars: Bars, count: int) -> Callable[[], object]:
    from numba import njit

    @njit(fastmath=True, nogil=True)
    def read(one, other):
        total = 0.0
        for i in range(one.size):
            total += one[i] + other[i]
        return total

    def run() -> float:
        return sum(read(bars.open, bars.close) for _ in range(count))

    run()
    return run


def with_backtesting(bars: Bars, sets: list[dict]) -> None:
    import pandas as pd
    from backtesting import Backtest, Strategy

    class Plain(Strategy):
        rsi_low, stop, strength, lower = 30.0, 0.02, None, None

        def init(self):
            self.s = self.I(lambda: type(self).strength)
            self.l = self.I(lambda: type(self).lower)

        def next(self):
            price, now = self.data.Close[-1], len(self.data) - 1
            if self.position:
                if self.s[-1] > rule.HIGH:
                    self.position.close()
                return
            if self.closed_trades and self.closed_trades[-1].exit_bar == now:
                return
            if self.s[-1] < self.rsi_low and price < self.l[-1]:
                self.buy(size=1, sl=price * (1 - self.stop))

    frame = pd.DataFrame(
        {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close},
        index=pd.to_datetime(bars.time, unit="s"),
    )
    Plain.strength, Plain.lower = indicators(bars.close)
    for values in sets:
        with contextlib.redirect_stderr(io.StringIO()):
            Backtest(frame, Plain, cash=1e9, commission=FEE).run(
                rsi_low=values["rsi_low"], stop=values["stop"]
            )


def with_vectorbt(bars: Bars, sets: list[dict]) -> None:
    import pandas as pd
    import vectorbt as vbt

    strength, lower = indicators(bars.close)
    low = np.array([one["rsi_low"] for one in sets])
    stop = np.array([one["stop"] for one in sets])
    entries = (strength[:, None] < low) & (bars.close < lower)[:, None]
    exits = np.repeat((strength > rule.HIGH)[:, None], len(sets), axis=1)
    entries, exits = (pd.DataFrame(one).shift(1, fill_value=False) for one in (entries, exits))
    made = vbt.Portfolio.from_signals(
        pd.Series(bars.close),
        entries,
        exits,
        price=pd.Series(bars.open),
        open=pd.Series(bars.open),
        high=pd.Series(bars.high),
        low=pd.Series(bars.low),
        sl_stop=stop,
        fees=FEE,
        freq="5min",
    )
    for figure in (
        made.total_return,
        made.max_drawdown,
        made.sharpe_ratio,
        made.trades.count,
        made.trades.win_rate,
        made.trades.profit_factor,
    ):
        figure()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--some", type=int, default=4, help="combinations that peers are tried on")
    given = parser.parse_args()
    bars, sets = market(given.bars), combinations()
    cores = os.cpu_count() or 1
    table = Table(f"{len(sets):,} combinations, {given.bars:,} bars, {cores} cores; CPU seconds")

    def ours() -> np.ndarray:
        return Sweep(rule.STRATEGY, bars, INTERVAL, FILLS).measure(sets, cores)

    check(bars, sets, ours())
    elapsed, mine = timed(ours, given.repeats)
    table.note("elapsed", f"{elapsed:.3f} s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.at_most("peak memory, MB", memory, MEMORY, lambda value: f"{value:.0f}")
    _, stream = timed(streaming(bars, len(sets)), given.repeats)
    table.at_most("over reading two columns", mine / stream, STREAM, times, mine, stream)
    for name, run in (("backtesting", with_backtesting), ("vectorbt", with_vectorbt)):
        count = given.some if name == "backtesting" else 10 * given.some
        some = sets[:: len(sets) // count][:count]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            peer(name, partial(run, bars, some[:2]))
            try:
                _, took = timed(partial(run, bars, some), 1)
            except ImportError:
                continue
        table.faster(f"{name}, of {count} reckoned up", mine, took * len(sets) / count, BARS[name])
    table.show()


if __name__ == "__main__":
    main()
