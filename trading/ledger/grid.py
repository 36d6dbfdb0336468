"""Stretches of different length side by side in rectangles, so that one step walks all of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

SMALL = 1 << 14  # cells up to which one rectangle is cheaper than several

Ints = NDArray[np.int64]
Grid = tuple[Ints, Ints, NDArray[np.bool_]]


def grids(starts: Ints, lengths: Ints, cells: int) -> Iterator[Grid]:
    """Rectangles of at most ``cells``, each as the k segments in it, shape (k,), the row number
    of each cell, shape (width, k), and which cells lie inside their segment. A segment, given by
    its first row and its length, repeats its last row where it is shorter than its neighbours."""
    for segments, width in _blocks(lengths, cells):
        step, last = np.arange(width)[:, None], lengths[segments] - 1
        yield segments, starts[segments] + np.minimum(step, last), step <= last


def _blocks(lengths: Ints, cells: int) -> Iterator[tuple[Ints, int]]:
    """Segments of like length together, so that padding them at most doubles; few and short ones
    in one."""
    widest = int(lengths.max())
    if lengths.size * widest <= SMALL:
        yield np.arange(lengths.size), widest
        return
    size = np.ceil(np.log2(lengths)).astype(np.int64)
    for step in np.unique(size):
        segments = np.flatnonzero(size == step)
        width = int(lengths[segments].max())
        most = max(1, cells // width)
        for at in range(0, segments.size, most):
            yield segments[at : at + most], width
