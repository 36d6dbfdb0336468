#!/usr/bin/env python3
"""A replay of stored candles, database to metrics, against the walk along the bars alone."""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

from candles import INTERVAL, walk
from figures import Table, in_turns, times

BAR = 3.0  # times the walk alone
VALUES = {
    "candle_interval_seconds": INTERVAL,
    "vol_min_bps": 0.0,
    "vol_max_bps": 5_000.0,
    "rsi_momentum_strength": 2.0,
    "bb_low_zone_min": -1.0,
    "bb_low_zone_max": 0.4,
    "bb_high_zone_min": 0.5,
    "bb_high_zone_max": 2.0,
    "trend_confirmation_bps": 0.1,
    "take_profit_bps": 30.0,
    "stop_loss_bps": 20.0,
    "max_hold_minutes": 600.0,
    "volume_multiplier": 0.5,
}


def compare(table: Table, count: int, bar: float | None) -> None:
    from analytics.quant import outcome
    from analytics.research import backtest, bars
    from trading import strategies
    from trading.market import candles

    market = f"REPLAY-{count}"
    candles.store(candles.series_for(None, market, INTERVAL), walk(count))
    rules = strategies.get("rsi_bb")
    values = rules.clean(VALUES)
    read = backtest.columns(bars.load(None, market, INTERVAL, None, None).candles)
    fills = backtest.USUAL.fills()

    def alone() -> object:
        return outcome.replayed(rules, values, read, INTERVAL, fills)

    def whole() -> object:
        loaded = bars.load(None, market, INTERVAL, None, None)
        found = outcome.replayed(rules, values, backtest.columns(loaded.candles), INTERVAL, fills)
        return outcome.measured(found)

    assert whole()["trades"] == len(alone().rows) > 0
    mine, peer = in_turns([whole, alone], 9)
    what = f"{count:,} bars, database to metrics; the walk alone"
    table.at_most(what, mine / peer, bar, times, mine, peer)


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0])
    parser.add_argument("--bars", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments = parser.parse_args()
    arguments.data = None
    with ground.opened(arguments) as place:
        place.use("stored_replay")
        table = Table(f"Replaying stored candles, {place.vendor}")
        for count in arguments.bars:
            compare(table, count, BAR if count == 100_000 else None)
        table.show()


if __name__ == "__main__":
    main()
