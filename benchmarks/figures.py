"""Timing in turns, and the table in which ours and the peer's stand side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

HEAD = ("what", "ours", "peer", "ratio", "bar", "met")


def in_turns(
    runs: Sequence[Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Median seconds of each run. They take turns, so that a busy machine slows all alike; the
    first turn only warms up. ``time.process_time`` for what computes in this process alone."""
    taken: list[list[float]] = [[] for _ in runs]
    for turn in range(repeats + 1):
        for run, times in zip(runs, taken, strict=True):
            began = clock()
            run()
            if turn:
                times.append(clock() - began)
    return [statistics.median(times) for times in taken]


def once(run: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one run, for what takes too long to repeat."""
    began = clock()
    run()
    return clock() - began


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 else f"{seconds:,.0f} s"
    return f"{seconds / 1e-6:.3g} us"


class Table:
    """Rows of figures, printed with aligned columns."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.rows: list[tuple[str, ...]] = []
        self.missed = 0

    def faster(self, what: str, ours: float, peer: float, bar: float | None = None) -> None:
        """A row whose bar is how many times faster than the peer ours must be."""
        ratio = peer / ours
        self._add(
            what,
            duration(ours),
            duration(peer),
            f"{ratio:,.0f} x" if ratio >= 10 else f"{ratio:.2f} x",
            f">= {bar:,g} x" if bar else "",
            ratio >= bar if bar else None,
        )

    def at_most(
        self,
        what: str,
        value: float,
        bar: float | None,
        show: Callable[[float], str] = str,
        ours: float | None = None,
        peer: float | None = None,
    ) -> None:
        """A row whose value must not exceed its bar."""
        limit = f"<= {show(bar)}" if bar is not None else ""
        met = value <= bar if bar is not None else None
        self._add(what, duration(ours), duration(peer), show(value), limit, met)

    def held(self, what: str, ours: str, peer: str, bar: str, met: bool) -> None:
        """A row of figures that are no times, held against a bar of their own."""
        self._add(what, ours, peer, "", bar, met)

    def note(self, what: str, *cells: str) -> None:
        """A row without a bar."""
        self.rows.append((what, *cells, *[""] * (len(HEAD) - 1 - len(cells))))

    def _add(self, what: str, ours: str, peer: str, ratio: str, bar: str, met: bool | None) -> None:
        self.missed += met is False
        self.rows.append((what, ours, peer, ratio, bar, {None: "", True: "yes", False: "NO"}[met]))

    def show(self) -> None:
        """Print the table; a reader may paste it into a Markdown page."""
        rows = [HEAD, *self.rows]
        widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
        print(f"\n{self.title}\n")
        for number, row in enumerate(rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print(f"| {' | '.join(cells)} |")
            if number == 0:
                print(f"|{'|'.join('-' * (width + 2) for width in widths)}|")
        print(flush=True)


def times(value: float) -> str:
    return f"{value:.2f} x"


def percent(value: float) -> str:
    return f"{value:.1f} %"


def milliseconds(value: float) -> str:
    return f"{value * 1e3:.3g} ms"
