#!/usr/bin/env python3
"""All sums of all trades computed anew, and what keeping them true adds to taking trades in.

The peer reads every trade through the ORM into pandas and computes the metrics of all groups.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import synthetic
import windows
from figures import Table, duration, in_turns, once, percent
from generate_trades import BOT, fill, history, rebuild

BAR, MEMORY_BAR = 20, 1000.0
UPKEEP_BARS = {"SQLite": 10.0, "PostgreSQL": 25.0}
PEER_LIMIT = 1_000_000  # more would take the peer too long, and more memory than there is
BATCH = 1_000
MODE, AFRESH = "--one-rebuild", "--afresh"


def measured_apart(place: ground.Ground, name: str, *how: str) -> tuple[float, float]:
    """Seconds and peak megabytes of a full rebuild in a process of its own."""
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), MODE, *how],
        check=True,
        text=True,
        capture_output=True,
        env=place.environment(name),
    )
    seconds, megabytes = json.loads(ran.stdout)
    return seconds, megabytes


def one_rebuild() -> None:
    import os

    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "selflearn.settings"
    django.setup()
    if AFRESH in sys.argv:
        from trading.models import RollupDay

        RollupDay.objects.all().delete()
    seconds = once(rebuild)
    # Not ru_maxrss, which a child begins with as large as its parent was.
    status = Path("/proc/self/status").read_text()
    print(json.dumps([seconds, int(status.split("VmHWM:")[1].split()[0]) / 1e3]))


def by_values(trades: int) -> None:
    until = synthetic.end_micros()
    windows.peers(until - (trades // synthetic.PER_DAY + 1) * synthetic.DAY, until)


def by_instances() -> None:
    """The same groups from model instances, a frame of the columns that they need."""
    import pandas as pd

    from trading.models import Trade

    columns = ("exit_at", "pnl_pct", "book__instance", "book__market", "parameter_set")
    rows = Trade.objects.select_related("book").order_by("exit_at").iterator(chunk_size=20_000)
    frame = pd.DataFrame(
        (
            (
                row.exit_at,
                row.pnl_pct,
                row.book.instance_id,
                row.book.market_id,
                row.parameter_set_id,
            )
            for row in rows
        ),
        columns=columns,
    )
    windows.group(frame, synthetic.end_micros() - 40 * synthetic.DAY, synthetic.end_micros())


def compare(table: Table, place: ground.Ground, trades: int, per_trade: dict) -> None:
    name = history(place, trades)
    # Ours runs before, between and after the peers, so that a busy stretch slows all alike.
    runs = [measured_apart(place, name)]
    for way, peer in (("values()", partial(by_values, trades)), ("instances", by_instances)):
        if trades <= PEER_LIMIT:
            per_trade[way] = once(peer) / trades
        runs.append(measured_apart(place, name))
    seconds, memory = sorted(runs)[1]
    for way, each in per_trade.items():
        bar = BAR if way == "instances" else None
        what = f"{trades:,} trades, the peer by {way}"
        if trades > PEER_LIMIT:
            what += " (extrapolated)"
        table.faster(what, seconds, each * trades, bar)
    afresh, _ = measured_apart(place, name, AFRESH)
    table.faster(f"{trades:,} trades, no sums stored before", afresh, each * trades)
    table.at_most(f"{trades:,} trades, peak memory", memory, MEMORY_BAR, lambda mb: f"{mb:.0f} MB")


def batches(count: int, first: int, start: int, per_day: int = synthetic.PER_DAY) -> list[list]:
    """Batches of reported trades in time order from ``start`` (microseconds), with context."""
    from trading.ingest.trade_schema import TradeIn

    step = synthetic.DAY // per_day
    made = []
    for batch in range(count):
        trades = []
        for at in range(batch * BATCH, (batch + 1) * BATCH):
            exit_at = (start + at * step) / 1e6
            trades.append(
                TradeIn(
                    external_id=f"n{first + at:09d}",
                    strategy=synthetic.STRATEGIES[at % 3],
                    market=list(synthetic.MARKETS)[at // 3 % 4],
                    side="long",
                    entry_price=100.0,
                    exit_price=100.5,
                    size=1.5,
                    entry_time=exit_at - 1800,
                    exit_time=exit_at,
                    exit_reason="signal",
                    pnl_pct=(at * 7919 % 401 - 200) / 100,
                    fee=0.15,
                    parameter_set=at // 12 % synthetic.SETS + 1,
                    context={
                        "volatility_bps": 42.5,
                        "price_trend": "up",
                        "entry_hour": 3,
                        "signal_strength": 0.5,
                        "mfe_pct": 1.5,
                        "mae_pct": -0.5,
                    },
                )
            )
        made.append(trades)
    return made


def upkeep(table: Table, place: ground.Ground, turns: int, before: int) -> None:
    """Batches with and without the sums in turns; each kind writes the same kind of rows."""
    from trading import clock

    if place.use("ingest"):
        fill(before)
        rebuild()
    end = synthetic.end_micros()
    stored = _stored()
    cases = (
        ("in time order", end + stored * 6_000_000, UPKEEP_BARS[place.vendor]),
        ("a week late", end - 7 * synthetic.DAY + 60_000_000, None),
    )
    with clock.at(synthetic.END + timedelta(days=300)):
        for number, (what, start, bar) in enumerate(cases):
            todo = iter(batches(2 * (turns + 1), stored + number * 10_000_000, start))
            runs = [lambda todo=todo: _ingest(next(todo)), lambda todo=todo: _without(next(todo))]
            kept, bare = in_turns(runs, turns)
            table.at_most(
                f"ingest of {BATCH:,} {what}, with sums over without",
                (kept - bare) / bare * 100,
                bar,
                percent,
                kept,
                bare,
            )


def _stored() -> int:
    from trading.models import Trade

    return Trade.objects.order_by("-id").values_list("id", flat=True)[0]


def _ingest(trades: list) -> None:
    from trading import ingest
    from trading.models import Bot

    outcome = ingest.store_trades(Bot.objects.get(name=BOT), trades)
    assert outcome.stored == len(trades), outcome.rejected[:3]


def _without(trades: list) -> None:
    from trading.rollups import update

    kept, update.add = update.add, lambda *given: None
    try:
        _ingest(trades)
    finally:
        update.add = kept


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0], trades=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--batches", type=int, default=30, help="of 1 000 trades, taken in")
    parser.add_argument("--before", type=int, default=100_000, help="trades, taken in before them")
    arguments = parser.parse_args()
    if min(arguments.trades) > PEER_LIMIT:
        parser.error(f"the peer is measured on at most {PEER_LIMIT:,} trades: name such a size too")
    with ground.opened(arguments) as place:
        table = Table(f"Full rebuild, {place.vendor}")
        per_trade: dict[str, float] = {}
        for trades in sorted(arguments.trades):
            compare(table, place, trades, per_trade)
            print(f"{trades:,}: peer {', '.join(map(duration, per_trade.values()))} a trade")
        table.show()
        kept = Table(f"Upkeep, {place.vendor}")
        upkeep(kept, place, arguments.batches, arguments.before)
        kept.show()


if __name__ == "__main__":
    one_rebuild() if MODE in sys.argv else main()
