#!/usr/bin/env python3
"""One replay of a plain rule, indicators, fees and stop included, beside a loop written by hand for
it and the peers; and the real strategies with all their filters.

    python3 benchmarks/replay.py

The peers are measured where they are installed: pip install backtesting==0.6.6 vectorbt==1.2.0.
Trades are compared in the run; times are the processor's.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import argparse
import math
import warnings
from collections.abc import Callable
from functools import partial
from time import process_time

import numpy as np
import plain_rule as rule
from figures import Table, duration, in_turns, once

from trading.strategies import REGISTRY
from trading.strategies.engine import tape
from trading.strategies.engine.walk import Bars, Fills, Walk

INTERVAL = 300
FEE = 0.0005
BARS = {"backtesting": 200, "vectorbt": 10}
BY_HAND, REAL, LINEAR = 2.0, 10.0, 0.2
RSI_N, BAND_N = rule.RSI_PERIOD, rule.BAND_PERIOD
LEFT_OUT = "not installed"


def market(n: int, seed: int = 7) -> Bars:
    """A seeded walk of five minutes."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, n)))
    open_ = np.concatenate(([100.0], close))[:n]
    reach = np.abs(rng.normal(0, 0.001, (2, n)))
    high = np.maximum(open_, close) * (1 + reach[0])
    low = np.minimum(open_, close) * (1 - reach[1])
    return Bars(INTERVAL * np.arange(n, dtype=float), open_, high, low, close, np.full(n, 1.0))


def ours(bars: Bars) -> np.ndarray:
    fills = Fills(fee_bps=FEE * 10_000, next_open=True, intrabar=True)
    return Walk(rule.STRATEGY, rule.VALUES, INTERVAL, fills).take(bars)


def columns(close, strength, lower):  # compiled below
    """RSI and lower band of each bar by running sums, as one writes them for a loop."""
    gain, loss, total, squares = 0.0, 0.0, 0.0, 0.0
    for i in range(close.size):
        if i > 0:
            change = close[i] - close[i - 1]
            gain += max(change, 0.0)
            loss += max(-change, 0.0)
        if i > RSI_N:
            change = close[i - RSI_N] - close[i - RSI_N - 1]
            gain -= max(change, 0.0)
            loss -= max(-change, 0.0)
        total += close[i]
        squares += close[i] * close[i]
        if i >= BAND_N:
            total -= close[i - BAND_N]
            squares -= close[i - BAND_N] * close[i - BAND_N]
        strength[i] = 100.0 - 100.0 / (1.0 + gain / loss) if loss > 0.0 else 100.0
        mean = total / BAND_N
        lower[i] = mean - 2.0 * math.sqrt(max(squares / BAND_N - mean * mean, 0.0))


def loop(open_, low, close, strength, lower, out):  # compiled below
    """The same rule as a loop for it alone; rows of entry bar, exit bar, entry, exit."""
    made, waiting, held, stop, entry, at, decided = 0, 0, False, 0.0, 0.0, 0, 0.0
    for i in range(BAND_N - 1, close.size):
        left = False
        if waiting == 1:
            held, entry, at, stop = True, open_[i], i, decided * 0.98
        elif waiting == 2:
            out[made, 0], out[made, 1], out[made, 2], out[made, 3] = at, i, entry, open_[i]
            made, held, left = made + 1, False, True
        waiting = 0
        if held:
            if low[i] <= stop:
                out[made, 0], out[made, 1], out[made, 2] = at, i, entry
                out[made, 3] = min(open_[i], stop)
                made, held = made + 1, False
            elif strength[i] > 50.0:
                waiting = 2
        elif not left and strength[i] < 30.0 and close[i] < lower[i]:
            waiting, decided = 1, close[i]
    return made


def lean(open_, low, close, out):  # compiled below
    """The same without columns, divisions, or roots but where they are needed: this rule with these
    numbers and no other."""
    gain, loss, total, squares = 0.0, 0.0, 0.0, 0.0
    made, waiting, held, stop, entry, at, decided = 0, 0, False, 0.0, 0.0, 0, 0.0
    for i in range(close.size):
        if i > 0:
            change = close[i] - close[i - 1]
            gain += max(change, 0.0)
            loss += max(-change, 0.0)
        if i > RSI_N:
            change = close[i - RSI_N] - close[i - RSI_N - 1]
            gain -= max(change, 0.0)
            loss -= max(-change, 0.0)
        total += close[i]
        squares += close[i] * close[i]
        if i >= BAND_N:
            total -= close[i - BAND_N]
            squares -= close[i - BAND_N] * close[i - BAND_N]
        left = False
        if waiting == 1:
            held, entry, at, stop = True, open_[i], i, decided * 0.98
        elif waiting == 2:
            out[made, 0], out[made, 1], out[made, 2], out[made, 3] = at, i, entry, open_[i]
            made, held, left = made + 1, False, True
        waiting = 0
        if held:
            if low[i] <= stop:
                out[made, 0], out[made, 1], out[made, 2] = at, i, entry
                out[made, 3] = min(open_[i], stop)
                made, held = made + 1, False
            elif gain > loss:  # RSI above 50
                waiting = 2
        elif not left and i >= BAND_N - 1 and gain * 70.0 < loss * 30.0:  # RSI below 30
            mean = total / BAND_N
            spread = math.sqrt(max(squares / BAND_N - mean * mean, 0.0))
            if close[i] < mean - 2.0 * spread:
                waiting, decided = 1, close[i]
    return made


def by_hand(compiled: tuple[Callable[..., int], ...], bars: Bars) -> np.ndarray:
    before, along = compiled
    out = np.empty((bars.time.size // 4 + 1, 4))
    strength, lower = np.empty(bars.time.size), np.empty(bars.time.size)
    before(bars.close, strength, lower)
    return out[: along(bars.open, bars.low, bars.close, strength, lower, out)]


def leanly(compiled: Callable[..., int], bars: Bars) -> np.ndarray:
    out = np.empty((bars.time.size // 4 + 1, 4))
    return out[: compiled(bars.open, bars.low, bars.close, out)]


def indicators(close: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import pandas as pd

    series = pd.Series(close)
    change = series.diff()
    gain = change.clip(lower=0).rolling(rule.RSI_PERIOD).mean()
    loss = (-change).clip(lower=0).rolling(rule.RSI_PERIOD).mean()
    middle = series.rolling(rule.BAND_PERIOD).mean()
    lower = middle - rule.BAND_FACTOR * series.rolling(rule.BAND_PERIOD).std(ddof=0)
    return (100 - 100 / (1 + gain / loss)).to_numpy(), lower.to_numpy()


def with_backtesting(bars: Bars) -> np.ndarray:
    import pandas as pd
    from backtesting import Backtest, Strategy

    class Plain(Strategy):
        def init(self):
            strength, lower = indicators(bars.close)
            self.strength = self.I(lambda: strength)
            self.lower = self.I(lambda: lower)

        def next(self):
            price, now = self.data.Close[-1], len(self.data) - 1
            if self.position:
                if self.strength[-1] > rule.HIGH:
                    self.position.close()
                return
            if self.closed_trades and self.closed_trades[-1].exit_bar == now:
                return
            if self.strength[-1] < rule.LOW and price < self.lower[-1]:
                self.buy(size=1, sl=price * (1 - rule.STOP))

    frame = pd.DataFrame(
        {"Open": bars.open, "High": bars.high, "Low": bars.low, "Close": bars.close},
        index=pd.to_datetime(bars.time, unit="s"),
    )
    found = Backtest(frame, Plain, cash=1e9, commission=FEE).run()["_trades"]
    return found[["EntryBar", "ExitBar", "EntryPrice", "ExitPrice"]].to_numpy(float)


def with_vectorbt(bars: Bars) -> int:
    import pandas as pd
    import vectorbt as vbt

    strength, lower = indicators(bars.close)
    close = pd.Series(bars.close)
    entries = pd.Series((strength < rule.LOW) & (bars.close < lower)).shift(1, fill_value=False)
    exits = pd.Series(strength > rule.HIGH).shift(1, fill_value=False)
    portfolio = vbt.Portfolio.from_signals(
        close,
        entries,
        exits,
        price=pd.Series(bars.open),
        open=pd.Series(bars.open),
        high=pd.Series(bars.high),
        low=pd.Series(bars.low),
        sl_stop=rule.STOP,
        fees=FEE,
        freq="5min",
    )
    return int(portfolio.trades.count())


def equity(entry: np.ndarray, leaving: np.ndarray) -> float:
    """What one unit became, each trade with all of it, fees on both sides."""
    return float(np.prod(1 + (leaving - entry) / entry - FEE * (1 + leaving / entry)))


def compare(name: str, rows: np.ndarray, others: np.ndarray) -> None:
    """The same trades to a bar, and the same equity. Exits with an error where they differ."""
    mine = rows[:, [tape.ENTRY_BAR, tape.EXIT_BAR, tape.ENTRY, tape.LEAVING]]
    same = len(mine) == len(others) and (mine[:, :2] == others[:, :2]).all()
    one, other = equity(mine[:, 2], mine[:, 3]), equity(others[:, 2], others[:, 3])
    if not same or abs(one - other) > 1e-9:
        raise SystemExit(f"{name}: {len(mine)} and {len(others)} trades, equity {one} and {other}")
    print(f"{name}: the same {len(mine):,} trades, equity {one:.9f}", flush=True)


def peer(name: str, run: Callable[[], object]) -> object | None:
    """A first run of a peer, which compiles and imports; None where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    except ImportError:
        print(f"{name}: {LEFT_OUT}", flush=True)
        return None


def plain(sizes: list[int], repeats: int) -> None:
    from numba import njit

    compiled, leanest = (njit(columns), njit(loop)), njit(lean)
    table = Table("The plain rule, one replay")
    for n in sizes:
        bars = market(n)
        rows = ours(bars)
        compare("by hand", rows, by_hand(compiled, bars))
        compare("the leanest loop", rows, leanly(leanest, bars))
        theirs = peer("backtesting.py", partial(with_backtesting, bars))
        if theirs is not None:
            # What is open at the end is closed there, and left out here.
            compare("backtesting.py", rows, theirs[: len(rows)])
        mine, hand, least = in_turns(
            [partial(ours, bars), partial(by_hand, compiled, bars), partial(leanly, leanest, bars)],
            repeats,
            process_time,
        )
        table.at_most(
            f"{n:,} bars, over a loop by hand",
            mine / hand,
            BY_HAND,
            lambda value: f"{value:.2f} x",
            mine,
            hand,
        )
        table.at_most(
            f"{n:,} bars, over the leanest loop",
            mine / least,
            None,
            lambda value: f"{value:.2f} x",
            mine,
            least,
        )
        if theirs is not None:
            table.faster(
                f"{n:,} bars, backtesting.py",
                mine,
                once(partial(with_backtesting, bars), process_time),
                BARS["backtesting"],
            )
        if peer("vectorbt", partial(with_vectorbt, bars)) is not None:
            [took] = in_turns([partial(with_vectorbt, bars)], 3, process_time)
            table.faster(f"{n:,} bars, vectorbt", mine, took, BARS["vectorbt"])
    table.show()


def real(sizes: list[int], repeats: int) -> None:
    """The strategies as they are, over the plain rule; and a bar's time at two sizes."""
    table = Table("The strategies with all their filters")
    for key, strategy in REGISTRY.items():
        if not strategy.replayable:
            continue
        each = []
        for n in sizes:
            bars = market(n)
            run = partial(real_one, strategy, bars)
            run()
            mine, base = in_turns([run, partial(ours, bars)], repeats, process_time)
            each.append(mine / n)
            table.at_most(
                f"{key}, {n:,} bars, over the plain rule",
                mine / base,
                REAL,
                lambda value: f"{value:.2f} x",
                mine,
                base,
            )
        growth = abs(each[-1] / each[0] - 1)
        table.at_most(
            f"{key}: a bar's time at {sizes[-1]:,} over that at {sizes[0]:,}",
            growth,
            LINEAR,
            lambda value: f"{value * 100:.0f} % apart",
        )
        table.note(f"{key}: a bar", duration(each[-1]))
    table.show()


def real_one(strategy, bars: Bars) -> np.ndarray:
    return Walk(strategy, strategy.defaults(), INTERVAL).take(bars)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, nargs="+", default=[100_000, 500_000])
    parser.add_argument("--real", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    plain(given.bars, given.repeats)
    real(given.real, given.repeats)


if __name__ == "__main__":
    main()
