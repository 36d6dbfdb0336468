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

from analytics.quant import binning, setups
from analytics.quant.binning import Buckets, Fact
from benchmarks import known_worlds
from benchmarks.known_worlds import NOISES, PER_DAY, Dealt, Noise, Planted

SETUPS, GOOD, EFFECT = 120, 10, 0.15
NULL_BAR, FALSE_BAR, FOUND_BAR = 5.0, 10.0, 4.0
SEED = 23
FURTHER = 8  # facts that do not matter, beside the two that do
NULLS = (
    ("120 setups, 6 000 trades", known_worlds.planted, 750),
    ("120 setups, 60 000 trades", known_worlds.planted, 7_500),
    ("10 facts and their pairs, 800 trades", known_worlds.crossed, 100),
    ("10 facts and their pairs, 6 000 trades", known_worlds.crossed, 750),
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
            f"{noise.name}: {label}",
            f"{percent(share)} +- {error:.1f}",
            percent(theirs),
            f"<= {percent(NULL_BAR)}",
            share - 2 * error <= NULL_BAR,
        )


def planted(runs: int, trades: int, table: Table) -> None:
    """How many of 20 that differ are named, how many of those named are false, how far off."""
    for noise in NOISES:
        rng = np.random.default_rng(SEED)
        rows = {"ours": [0, 0, 0.0], "theirs": [0, 0, 0.0]}
        for _ in range(runs):
            world = known_worlds.planted(rng, noise, trades // PER_DAY, SETUPS, GOOD, EFFECT)
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


def put(world: Dealt) -> tuple[list[Fact], Buckets]:
    """Trades by all their facts and pairs of them, as the breakdown of a report does it."""
    facts = [binning.categories(f"fact {at}", words) for at, words in enumerate(world.facts)]
    return facts, binning.judge(facts, world.day, world.result)


def by_win_rate(world: Dealt, facts: list[Fact], found: Buckets) -> tuple[np.ndarray, np.ndarray]:
    """The five best and the five worst buckets by win rate, of those with ten trades."""
    won = np.array(
        [
            (world.result[found.rows(row, facts)] > 0).mean() if trades >= 10 else np.nan
            for row, trades in enumerate(found.sums.trades)
        ]
    )
    order = np.argsort(won)[: int((~np.isnan(won)).sum())]
    return np.concatenate((order[:5], order[-5:])), found.sums.mean


def dealt_nothing(runs: int, trades: int, table: Table) -> None:
    """Share of reports that name a setup, of trades that no fact matters to. There always are five
    best and five worst."""
    for noise, days in product(NOISES, (100, 750, trades // PER_DAY)):
        rng = np.random.default_rng(SEED)
        many = runs if days < 1_000 else max(runs // 4, 1)
        named = sum(
            bool(put(known_worlds.dealt(rng, noise, days, further=FURTHER))[1].judged.named.any())
            for _ in range(many)
        )
        share = 100 * named / many
        error = 100 * math.sqrt(max(share, 1) / 100 * (1 - share / 100) / many)
        table.held(
            f"{noise.name}: {days * PER_DAY:,} trades",
            f"{percent(share)} +- {error:.1f}",
            percent(100),
            f"<= {percent(NULL_BAR)}",
            share - 2 * error <= NULL_BAR,
        )


def dealt_planted(runs: int, trades: int, further: int, table: Table) -> None:
    """What is named of 120 pairs of two facts, of which 20 differ, with further facts that do not
    matter."""
    for noise in NOISES:
        rows = _of_trades(runs, trades, noise, further)
        count, wrong, _ = rows["ours"]
        # The bar is for 120 setups; more looks find less, and must not find more that is false.
        found = 0.0 if further else FOUND_BAR
        met = wrong <= FALSE_BAR / 100 * count and count / runs >= found
        bar = f"<= {percent(FALSE_BAR)} false" + (f", >= {found:.0f} named" if found else "")
        table.held(
            f"{noise.name}, {2 + further} facts",
            _told(*rows["ours"], runs),
            _told(*rows["theirs"], runs),
            bar,
            met,
        )


def _of_trades(runs: int, trades: int, noise: Noise, further: int) -> dict[str, list[float]]:
    """How many are named, how many of them falsely, and by how much their effects are off."""
    rng = np.random.default_rng(SEED)
    rows: dict[str, list[float]] = {"ours": [0, 0, 0.0], "theirs": [0, 0, 0.0]}
    for _ in range(runs):
        world = known_worlds.dealt(rng, noise, trades // PER_DAY, GOOD, EFFECT, further)
        facts, found = put(world)
        truth = world.truth_of(found.first, found.second, found.bin, found.other)
        ours = np.flatnonzero(found.judged.named), found.judged.shrunk
        for who, (named, effect) in (("ours", ours), ("theirs", by_win_rate(world, facts, found))):
            effect = effect[named] - (0.0 if who == "ours" else world.result.mean())
            rows[who][0] += named.size
            rows[who][1] += int((truth[named] * effect <= 0).sum())
            rows[who][2] += float(np.abs(effect - truth[named]).sum())
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--trades", type=int, default=60_000, help="of the longest histories")
    given = parser.parse_args()
    runs, longest = given.runs, given.trades
    table = Table("Nothing differs: reports that name a setup")
    nothing(runs, table)
    table.show()
    table = Table("10 good and 10 bad of 0.15 among 120: what is named")
    for trades in (6_000, longest):
        planted(max(runs // 4, 2), trades, table)
    table.show()
    table = Table("From trades, 10 facts and their pairs, nothing differs: reports that name one")
    dealt_nothing(runs, longest, table)
    table.show()
    table = Table(f"From {longest:,} trades, 20 of 120 pairs are off by 0.15: what is named")
    for further in (0, FURTHER):
        dealt_planted(max(runs // 8, 1), longest, further, table)
    table.show()


if __name__ == "__main__":
    main()
