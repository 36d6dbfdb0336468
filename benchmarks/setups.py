#!/usr/bin/env python3
"""How many named setups are real: ours beside the top five by win rate, on worlds whose truth is
known.

    python3 benchmarks/setups.py

Pure: no database is used. 8 trades a day; results in standard deviations of a trade.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import argparse
import math
from itertools import product

import numpy as np
from figures import Table, percent

from analytics.quant import setups, worlds
from analytics.quant.worlds import NOISES, PER_DAY, Planted

SETUPS, GOOD, EFFECT = 120, 10, 0.15
NULL_BAR, FALSE_BAR, FOUND_BAR = 5.0, 10.0, 4.0
SEED = 23
NULLS = (
    ("120 setups, 6 000 trades", worlds.planted, 750),
    ("120 setups, 60 000 trades", worlds.planted, 7_500),
    ("10 facts and their pairs, 800 trades", worlds.crossed, 100),
    ("10 facts and their pairs, 6 000 trades", worlds.crossed, 750),
)


def ours(world: Planted) -> tuple[np.ndarray, np.ndarray]:
    """The setups that are named, and the effect that each is said to have."""
    found = setups.judge(world.n, world.total, world.whole_n, world.whole_total)
    return np.flatnonzero(found.named), found.shrunk


def naive(world: Planted) -> tuple[np.ndarray, np.ndarray]:
    """The five best and the five worst by win rate, of those with ten trades."""
    trades = world.n.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(trades >= 10, world.wins.sum(axis=1) / trades, np.nan)
        mean = world.total.sum(axis=1) / trades
    order = np.argsort(rate)[: int((~np.isnan(rate)).sum())]
    return np.concatenate((order[:5], order[-5:])), mean


def false(world: Planted, named: np.ndarray, effect: np.ndarray) -> int:
    """How many are named that have no effect, or the other one."""
    return int((world.truth[named] * effect[named] <= 0).sum())


def nothing(runs: int, reports: Table) -> None:
    """Share of reports that name a setup where none differs."""
    for noise, (label, make, days) in product(NOISES, NULLS):
        rng = np.random.default_rng(SEED)
        share, theirs = 0.0, 0.0
        for _ in range(runs):
            world = make(rng, noise, days)
            share += ours(world)[0].size > 0
            theirs += naive(world)[0].size > 0
        share, theirs = 100 * share / runs, 100 * theirs / runs
        error = 100 * math.sqrt(max(share, 1) / 100 * (1 - share / 100) / runs)
        reports.held(
            f"{noise.name}: {label}", f"{percent(share)} +- {error:.1f}", percent(theirs),
            f"<= {percent(NULL_BAR)}", share - 2 * error <= NULL_BAR,
        )  # fmt: skip


def planted(runs: int, trades: int, table: Table) -> None:
    """How many of 20 that differ are named, how many of those named are false, how far off."""
    for noise in NOISES:
        rng = np.random.default_rng(SEED)
        rows = {"ours": [0, 0, 0.0], "theirs": [0, 0, 0.0]}
        for _ in range(runs):
            world = worlds.planted(rng, noise, trades // PER_DAY, SETUPS, GOOD, EFFECT)
            for who, rule in (("ours", ours), ("theirs", naive)):
                named, effect = rule(world)
                rows[who][0] += named.size
                rows[who][1] += false(world, named, effect)
                rows[who][2] += float(np.abs(effect - world.truth)[named].sum())
        told = {who: _told(*row, runs) for who, row in rows.items()}
        count, wrong, _ = rows["ours"]
        met = wrong <= FALSE_BAR / 100 * count and (trades < 60_000 or count / runs >= FOUND_BAR)
        bar = f"<= {percent(FALSE_BAR)} false" + (
            f", >= {FOUND_BAR:.0f} named" if trades >= 60_000 else ""
        )
        table.held(f"{trades:,} trades, {noise.name}", told["ours"], told["theirs"], bar, met)


def _told(count: int, wrong: int, off: float, runs: int) -> str:
    if not count:
        return "none named"
    share = percent(100 * wrong / count)
    return f"{count / runs:.1f} named, {share} false, off by {off / count:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    table = Table("Nothing differs: reports that name a setup")
    nothing(runs, table)
    table.show()
    table = Table("10 good and 10 bad of 0.15 among 120: what is named")
    for trades in (6_000, 60_000):
        planted(max(runs // 4, 2), trades, table)
    table.show()


if __name__ == "__main__":
    main()
