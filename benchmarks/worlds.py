#!/usr/bin/env python3
"""How long between false alarms, and how late a true one: the degradation alert against CUSUM
that knows everything, on worlds whose truth is known, beside the naive rule.

    python3 benchmarks/worlds.py

Pure: no database is used. Figures are trades, at 8 a day.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import argparse
import time

import numpy as np
from figures import Table, times

from analytics.quant import drift
from benchmarks import cusum, known_worlds
from benchmarks.known_worlds import EDGE, NOISES, PER_DAY, Change, Noise

BETWEEN = 625  # days between false alarms that are asked for: 5 000 trades
HISTORY = 125  # days that a baseline is estimated from: 1 000 trades
BEFORE = 250  # days before a change
BATCH = 100  # runs at a time
BAR = 1.5
SEED = 11
KNOWN, ESTIMATED, SAFER = "baseline known", "baseline from 1 000 trades", "default, safer floor"


def whole(trades: np.ndarray) -> np.ndarray:
    return trades.sum(axis=2)


def e_sr(sums: np.ndarray, history: np.ndarray, how: str) -> np.ndarray:
    """The first day of an alert of each run (the number of days where there is none)."""
    first = np.full(sums.shape[0], sums.shape[1])
    baselines = [drift.baseline(np.full(one.size, PER_DAY), one) for one in history]
    for block in (1, drift.LONG_BLOCK):
        rows = [at for at, found in enumerate(baselines) if found and found.block == block]
        if not rows:
            continue
        kept = [baselines[at] for at in rows]
        floors = np.array([_floor(found, how) for found in kept])
        days = drift.in_blocks(sums[rows], block)
        z = drift.shortfall(
            np.full_like(days, block * PER_DAY),
            days,
            floors,
            np.array([found.scale for found in kept]),
        )
        alerts = drift.e_sr(z) >= BETWEEN / block
        at = np.where(alerts.any(axis=1), alerts.argmax(axis=1) * block + block - 1, sums.shape[1])
        first[rows] = at
    return first


def _floor(found: drift.Baseline, how: str) -> float:
    if how == KNOWN:
        return EDGE
    rule = drift.estimate if how == ESTIMATED else drift.floor
    return rule(found.mean, found.se)


def known(sums: np.ndarray, to: float, spread: float) -> np.ndarray:
    """The highest that CUSUM with everything known has been by each day."""
    path = cusum.path(sums, EDGE * PER_DAY, to * PER_DAY, spread)
    return np.maximum.accumulate(path, axis=1)


def first_over(highest: np.ndarray, threshold: float) -> np.ndarray:
    reached = highest >= threshold
    return np.where(reached.any(axis=1), reached.argmax(axis=1), highest.shape[1])


def between(first: np.ndarray, days: int) -> float:
    """Mean time to an alert: the time lived over the alerts in it, as none may come in time."""
    return float(np.minimum(first + 1, days).sum() / max(1, (first < days).sum()))


def calibrated(highest: np.ndarray) -> float:
    """The threshold whose mean time between false alarms is the one asked for."""
    low, high = 0.0, float(highest.max())
    for _ in range(40):
        middle = (low + high) / 2
        late = between(first_over(highest, middle), highest.shape[1]) > BETWEEN
        low, high = (low, middle) if late else (middle, high)
    return high


def delay(first: np.ndarray, days: int) -> float:
    """Mean trades from the change to the alert, of the runs that reached the change quietly."""
    quiet = first >= BEFORE
    late = np.minimum(first[quiet], days - 1) - BEFORE + 1
    return float(late.mean()) * PER_DAY


def naive(rng: np.random.Generator, runs: int = 200, days: int = 375) -> float:
    """How often per 1 000 trades "win rate of 24 h below that of 7 d" begins to be true."""
    won = (known_worlds.results(rng, NOISES[0], runs, days) > 0).reshape(runs, -1).cumsum(axis=1)
    day, week = PER_DAY, 7 * PER_DAY
    short, long = won[:, week:] - won[:, week - day : -day], won[:, week:] - won[:, :-week]
    below = short / day < long / week
    begins = below[:, 1:] & ~below[:, :-1]
    return float(begins.mean()) * 1_000


def batches(runs: int) -> list[int]:
    return [min(BATCH, runs - at) for at in range(0, runs, BATCH)]


def calm(noise: Noise, runs: int, days: int) -> tuple[dict[str, float], dict[float, float], float]:
    """Days between false alarms by way of knowing the baseline; CUSUM's thresholds by the mean
    after the change; the spread of a day."""
    rng = np.random.default_rng(SEED)
    first: dict[str, list] = {how: [] for how in (KNOWN, ESTIMATED, SAFER)}
    highest: dict[float, list] = {change.to: [] for change in known_worlds.CHANGES}
    spread = float(whole(known_worlds.results(rng, noise, runs, 2_000)).std())
    for size in batches(runs):
        history = whole(known_worlds.results(rng, noise, size, HISTORY))
        sums = whole(known_worlds.results(rng, noise, size, days))
        for how, found in first.items():
            found.append(e_sr(sums, history, how))
        for to, found in highest.items():
            found.append(known(sums, to, spread))
    lived = {how: between(np.concatenate(found), days) for how, found in first.items()}
    return lived, {to: calibrated(np.concatenate(h)) for to, h in highest.items()}, spread


def changed(
    noise: Noise, change: Change, runs: int, after: int, threshold: float, spread: float
) -> tuple[float, dict[str, float]]:
    """Delay of CUSUM with everything known, and ours, in trades."""
    rng = np.random.default_rng(SEED + 1)
    days = BEFORE + after
    first: dict[str, list] = {how: [] for how in ("", KNOWN, ESTIMATED, SAFER)}
    for size in batches(runs):
        history = whole(known_worlds.results(rng, noise, size, HISTORY))
        sums = whole(known_worlds.results(rng, noise, size, days, change, BEFORE))
        for how, found in first.items():
            found.append(
                e_sr(sums, history, how)
                if how
                else first_over(known(sums, change.to, spread), threshold)
            )
    late = {how: delay(np.concatenate(found), days) for how, found in first.items()}
    return late.pop(""), late


def tables(runs: int, days: int) -> list[Table]:
    false = Table(f"Trades between false alarms; {BETWEEN * PER_DAY:,} are asked for")
    true = Table("Trades from a change to the alert; the peer is CUSUM that knows everything")
    for noise in NOISES:
        lived, thresholds, spread = calm(noise, runs, days)
        for how, lasted in lived.items():
            kept = lasted >= BETWEEN
            asked = "" if noise.memory and how == KNOWN else f">= {BETWEEN * PER_DAY:,}"
            false.note(
                f"{noise.name}: {how}",
                f"{lasted * PER_DAY:,.0f}",
                "",
                f"{lasted / BETWEEN:.2f} x",
                asked,
                ("yes" if kept else "NO") if asked else "",
            )
        for change in known_worlds.CHANGES:
            peer, late = changed(noise, change, runs, days * 2 // 5, thresholds[change.to], spread)
            for how, ours in late.items():
                bar = "" if how == SAFER else f"<= {BAR:g} x"
                met = "yes" if ours <= BAR * peer else "NO"
                true.note(
                    f"{noise.name}; {change.name}: {how}",
                    f"{ours:,.0f}",
                    f"{peer:,.0f}",
                    times(ours / peer),
                    bar,
                    met if bar else "",
                )
    rule = Table("The naive rule: win rate of 24 h below that of 7 d, nothing ever changes")
    often = naive(np.random.default_rng(SEED))
    rule.note("alerts per 1 000 trades", f"{1_000 / (BETWEEN * PER_DAY):.1f}", f"{often:.1f}")
    return [false, true, rule]


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--runs", type=int, default=600, help="runs of each world")
    options.add_argument("--days", type=int, default=5_000, help="days of a run without a change")
    began, chosen = time.perf_counter(), options.parse_args()
    for table in tables(chosen.runs, chosen.days):
        table.show()
    print(f"{time.perf_counter() - began:.0f} s")
