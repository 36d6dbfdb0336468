from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trading.clock import DAY, HOUR
from trading.rollups.window_parts import Cut, Hours, cut, united

moments = st.integers(0, 4 * DAY) | st.integers(0, 96).map(lambda hours: hours * HOUR)
few = st.none() | st.integers(-5, 5)


def stretches(found: Cut) -> list[tuple[int, int]]:
    """All parts of a closed window in microseconds, ascending."""
    days = [] if found.days[0] >= found.days[1] else [tuple(day * DAY for day in found.days)]
    hours = [(part.first * HOUR, part.last * HOUR) for part in found.hours]
    return sorted([*days, *hours, *found.edges])


def test_a_window_from_half_past_ten_to_the_day_after_next_in_its_parts():
    found = cut(10 * HOUR + HOUR // 2, 2 * DAY + 3 * HOUR + 7)
    assert found == Cut(
        days=(1, 2),
        hours=(Hours(0, 11, 24), Hours(2, 48, 51)),
        edges=((10 * HOUR + HOUR // 2, 11 * HOUR), (2 * DAY + 3 * HOUR, 2 * DAY + 3 * HOUR + 7)),
    )


def test_an_open_window_cuts_at_its_closed_end_alone():
    assert cut(None, None) == Cut(days=(None, None))
    assert cut(DAY + HOUR, None) == Cut(days=(2, None), hours=(Hours(1, 25, 48),))
    assert cut(None, DAY + 5) == Cut(days=(None, 1), edges=((DAY, DAY + 5),))


@given(moments, moments)
def test_the_parts_make_up_the_window_without_gap_or_overlap(since, until):
    parts = stretches(cut(since, until))
    if since >= until:
        assert parts == []
        return
    assert parts[0][0] == since and parts[-1][1] == until
    assert all(left[1] == right[0] for left, right in pairwise(parts))


@given(moments, moments)
def test_edges_lie_within_an_hour_and_hours_within_their_day(since, until):
    found = cut(since, until)
    assert all(a // HOUR == (b - 1) // HOUR for a, b in found.edges)
    assert all(
        part.first // 24 == (part.last - 1) // 24 == part.day and part.first < part.last
        for part in found.hours
    )


@given(st.lists(st.tuples(few, few)))
def test_united_stretches_hold_the_same_moments_once(given_ones):
    def holds(stretch, moment: int) -> bool:
        since, until = stretch
        return (since is None or moment >= since) and (until is None or moment < until)

    found = united(given_ones)
    for moment in range(-7, 7):
        inside = any(holds(one, moment) for one in given_ones)
        assert sum(holds(one, moment) for one in found) == inside
