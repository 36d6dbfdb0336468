"""Blocks of time are drawn in balance, and the same for ever."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trading.assignment.schedule import Plan, drawn, reduced, size

shares = st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple)
plans = st.builds(
    Plan,
    st.integers(0, 2**40),
    shares,
    st.integers(-(10**15), 10**15),
    st.integers(1, 10**12),
    st.none(),
)


def test_the_order_of_a_seed_never_changes():
    assert [drawn(7, (1, 1), number) for number in range(3)] == [
        (0, 0, 1, 1),
        (1, 1, 0, 0),
        (0, 1, 1, 0),
    ]


def test_rounds_by_hand():
    assert reduced((50, 50)) == (1, 1) and size((50, 50)) == 4
    assert reduced((70, 30)) == (7, 3) and size((7, 3)) == 10
    assert size((1, 1, 1)) == 6


@given(shares, st.integers(0, 2**40), st.integers(0, 1_000))
def test_every_round_holds_each_arm_in_proportion(shares, seed, number):
    counts = Counter(drawn(seed, shares, number))
    assert {arm: count * sum(shares) for arm, count in counts.items()} == {
        arm: share * size(shares) for arm, share in enumerate(shares)
    }


@given(plans, st.integers(0, 10**16))
def test_a_moment_has_one_arm_until_its_block_ends(plan, later):
    at = plan.start + later
    until = plan.until(at)
    assert at < until <= at + plan.length
    assert plan.arm_at(at) == plan.arm_at(until - 1) == plan.arm(plan.number(at))


@given(plans, st.integers(0, 10**16), st.integers(0, 10**16))
def test_an_end_cuts_the_last_block_and_changes_none_before(plan, lasts, later):
    ended = Plan(plan.seed, plan.shares, plan.start, plan.length, plan.start + lasts)
    at = plan.start + later
    assert ended.holds(at) == (later < lasts)
    if later < lasts:
        assert ended.arm_at(at) == plan.arm_at(at)
        assert ended.until(at) == min(plan.until(at), plan.start + lasts)


def test_orders_are_drawn_evenly():
    counts = Counter(drawn(11, (1, 1), number) for number in range(6_000))
    assert len(counts) == 6 and all(850 < count < 1_150 for count in counts.values())


@given(plans, st.integers(0, 300), st.integers(0, 10**12))
def test_time_told_is_that_of_the_blocks_one_by_one(plan, whole, more):
    at = plan.start + whole * plan.length + more % plan.length
    count, told = [0] * len(plan.shares), [0] * len(plan.shares)
    for number in range(whole + 1):
        begins = plan.start + number * plan.length
        lasts = min(plan.length, at - begins)
        if lasts > 0:
            count[plan.arm(number)] += 1
            told[plan.arm(number)] += lasts
    assert plan.counted(at) == (count, told)
