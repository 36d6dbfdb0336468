#!/usr/bin/env python3
"""How often an experiment claims a difference: where none is, and where arms lie apart; beside a
t-test on trades, looked at once and every day.

    python3 benchmarks/experiments.py

Pure: no database is used. 8 trades a day, in two arms that take turns by blocks of three hours;
results and gaps in standard deviations of a trade.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import argparse
import math

import numpy as np
from figures import Table, percent

from benchmarks import known_worlds
from benchmarks.known_worlds import NOISES, PER_DAY, Noise
from trading.assignment.schedule import Plan
from trading.ledger import arms
from trading.ledger.metrics import Daily

LENGTHS = (200, 900, 3_000)  # trades of both arms together
GAPS = (0.0, 0.1, 0.2)
BAR = 5.0
SEED = 31
NORMAL_95 = 1.959963984540054


def turns(seed: int, days: int) -> np.ndarray:
    """Which arm each of a day's 8 trades is made with: shape (days, 8), as the bot is told it."""
    plan = Plan(seed, (1, 1), 0, 1)
    order = [plan.arm(block) for block in range(days * PER_DAY)]
    return np.array(order, dtype=bool).reshape(days, PER_DAY)


def days_of(r: np.ndarray, mine: np.ndarray) -> Daily:
    return Daily(np.where(mine, r, 0.0).sum(axis=1), mine.sum(axis=1))


def t_test(r: np.ndarray, which: np.ndarray) -> np.ndarray:
    """Whether the t-test on trades calls the arms different after each day, shape (days,)."""
    sides = []
    for mine in (~which, which):
        n = mine.sum(axis=1).cumsum()
        total = np.where(mine, r, 0.0).sum(axis=1).cumsum()
        squares = np.where(mine, r * r, 0.0).sum(axis=1).cumsum()
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / n
            sides.append((mean, (squares / n - mean * mean) / (n - 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (sides[1][0] - sides[0][0]) / np.sqrt(sides[0][1] + sides[1][1])
    return np.abs(z) > NORMAL_95


def claims(noise: Noise, trades: int, gap: float, runs: int) -> tuple[float, float, float]:
    """Shares of experiments that claim a difference, in percent: ours, and the t-test looked at
    once and each day from the fifth on."""
    rng, days = np.random.default_rng(SEED), trades // PER_DAY
    counts = np.zeros(3)
    for number, own in enumerate(_results(rng, noise, runs, days)):
        which = turns(number, days)
        r = own + gap * which
        found = arms.paired(days_of(r, ~which), days_of(r, which))
        theirs = t_test(r, which)
        counts += (found is not None and found.beyond_chance, theirs[-1], theirs[5:].any())
    ours, once, daily = 100 * counts / runs
    return float(ours), float(once), float(daily)


def _results(rng: np.random.Generator, noise: Noise, runs: int, days: int):
    for begin in range(0, runs, 100):
        yield from (
            known_worlds.results(rng, noise, min(100, runs - begin), days) - known_worlds.EDGE
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2_000)
    runs = parser.parse_args().runs
    for gap in GAPS:
        title = "No difference" if not gap else f"Arms {gap:g} apart"
        table = Table(f"{title}: experiments that claim one (t-test once, daily beside)")
        for noise in NOISES:
            for trades in LENGTHS:
                ours, once, daily = claims(noise, trades, gap, runs)
                error = 100 * math.sqrt(max(ours, 1) / 100 * (1 - ours / 100) / runs)
                row = (
                    f"{noise.name}: {trades:,} trades",
                    f"{percent(ours)} +- {error:.1f}",
                    f"{percent(once)}, {percent(daily)}",
                )
                if gap:
                    table.note(*row)
                else:
                    table.held(*row, f"<= {percent(BAR)}", ours - 2 * error <= BAR)
        table.show()


if __name__ == "__main__":
    main()
