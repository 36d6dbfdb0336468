"""Renko bricks from closes, one close at a time.

A wall of bricks is kept in an array of numbers, ``wall``: a head, and behind it the closes and the
directions of the newest bricks. Plain loops, compiled by ``compiled``.
"""

from __future__ import annotations

from .indicators import Floats

MOST = 1_024  # bricks that are kept; when they are full, the newer half stays
AT_ONCE = 10_000  # bricks from one close; a price that leaps further is followed with the next
# The head: bricks that are kept, those ever drawn, the price that the first one is measured from,
# and whether there is one.
COUNT, DRAWN, FROM, BEGUN = range(4)
HEAD = 4
SIZE = HEAD + 2 * MOST


def close_of(wall: Floats, brick: int) -> float:
    """The close of a kept brick, 0 being the oldest."""
    return float(wall[HEAD + brick])


def direction_of(wall: Floats, brick: int) -> float:
    """1 for a brick up, -1 for one down."""
    return float(wall[HEAD + MOST + brick])


def clear(wall: Floats) -> None:
    """Forget all bricks; their numbers go on."""
    wall[COUNT] = 0.0
    wall[BEGUN] = 0.0


def begin(wall: Floats, price: float) -> None:
    """Measure the first brick from a price."""
    wall[FROM], wall[BEGUN] = price, 1.0


def step(wall: Floats, price: float, size: float, reversal: int) -> int:
    """Draw the bricks that a close completes, all of one size; how many. Against the last brick
    ``reversal`` sizes are needed, and the new one opens one size beyond its close; where one size
    is enough it opens at that close, or it would end beyond the price that drew it."""
    beyond = size if reversal > 1 else 0.0
    if size <= 0.0 or wall[BEGUN] == 0.0:
        return 0
    made = 0
    while made < AT_ONCE:
        count = int(wall[COUNT])
        last = close_of(wall, count - 1) if count else wall[FROM]
        facing = direction_of(wall, count - 1) if count else 0.0
        up = reversal if facing < 0.0 else 1
        down = reversal if facing > 0.0 else 1
        if price >= last + up * size:
            add(wall, (last + beyond if facing < 0.0 else last) + size, 1.0)
        elif price <= last - down * size:
            add(wall, (last - beyond if facing > 0.0 else last) - size, -1.0)
        else:
            break
        made += 1
    return made


def add(wall: Floats, close: float, direction: float) -> None:
    """Put a brick behind the others."""
    count = int(wall[COUNT])
    if count == MOST:
        count = MOST // 2
        for i in range(count):
            wall[HEAD + i] = wall[HEAD + count + i]
            wall[HEAD + MOST + i] = wall[HEAD + MOST + count + i]
    wall[HEAD + count], wall[HEAD + MOST + count] = close, direction
    wall[COUNT] = count + 1.0
    wall[DRAWN] += 1.0
