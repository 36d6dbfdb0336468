"""How many requests this web server has answered, by all its processes together.

Its processes are forked from one that loaded this module: they share a page of memory, each adding
to a line of its own, without a lock that a killed process could keep. Two that happen to share a
line may lose a request between them.
"""

from __future__ import annotations

import mmap
import os
import threading

CLASSES = ("2xx", "3xx", "4xx", "5xx")
_WIDTH = len(CLASSES) + 1  # and the microseconds
_LINES = 64
_counts = memoryview(mmap.mmap(-1, 8 * _WIDTH * _LINES)).cast("Q")
_threads = threading.Lock()


def add(code: int, seconds: float) -> None:
    """Count one answer."""
    line = os.getpid() % _LINES * _WIDTH
    with _threads:
        _counts[line + min(max(code // 100, 2), 5) - 2] += 1
        _counts[line + len(CLASSES)] += int(seconds * 1e6)


def totals() -> tuple[dict[str, int], float]:
    """Answers by class of status, and the seconds they took, since the server started."""
    sums = [sum(_counts[place::_WIDTH]) for place in range(_WIDTH)]
    return dict(zip(CLASSES, sums, strict=False)), sums[-1] / 1e6
