from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trading.ledger.tally import empty, fold, merge

from .arrays import ONE, assert_close, empty_one, folded, merged, ordered, rows, scale_of, trades

early, middle, late = rows(until=1000), rows(1000, 2000), rows(2000, 3000)


@given(early, late)
def test_merging_two_stretches_is_folding_both(first, second):
    whole = folded(first + second)
    assert_close(merged(folded(first), folded(second)), whole, scale_of(first + second))


@given(early, middle, late)
def test_merging_is_associative(first, second, third):
    a, b, c = map(folded, (first, second, third))
    scale = scale_of(first + second + third)
    assert_close(merged(merged(a, b), c), merged(a, merged(b, c)), scale)
    assert_close(merged(a, b, c), merged(a, merged(b, c)), scale)


@given(early, late, st.lists(st.integers(0, 2), max_size=5))
def test_an_empty_tally_is_neutral_to_the_bit_wherever_it_stands(first, second, places):
    parts = [folded(first), folded(second)]
    alone = merged(*parts).tobytes()
    for place in places:
        parts.insert(min(place, len(parts)), empty_one())
    assert merged(*parts).tobytes() == alone


@given(rows())
def test_merging_a_tally_alone_gives_its_own_bits(some):
    assert merged(folded(some)).tobytes() == folded(some).tobytes()


@settings(max_examples=40)
@given(st.lists(rows(until=50, most=8), min_size=1, max_size=6))
def test_extending_a_tally_piece_by_piece_equals_folding_all_at_once_to_the_bit(stretches):
    tally, everything = empty(1), []
    for index, stretch in enumerate(stretches):
        moved = [(at + index * 50, *rest) for at, *rest in stretch]
        everything += moved
        if moved:
            tally = fold(ordered(moved), ONE, tally)
    assert tally.tobytes() == folded(everything).tobytes()


@given(rows(), st.data())
def test_extending_at_any_row_equals_folding_at_once_to_the_bit(some, data):
    table = ordered(some)
    cut = data.draw(st.integers(0, len(table)))
    tally = empty(1)
    for part in (np.arange(cut), np.arange(cut, len(table))):
        if part.size:
            tally = fold(table.take(part), ONE, tally)
    assert tally.tobytes() == folded(some).tobytes()


@settings(max_examples=40)
@given(st.lists(rows(most=12).filter(bool), min_size=1, max_size=8))
def test_segments_fold_as_each_would_alone_to_the_bit(segments):
    tables = [ordered(segment) for segment in segments]
    lengths = [len(table) for table in tables]
    starts = np.cumsum([0, *lengths[:-1]])
    every = [
        tuple(zip(table.exit_at, table.held, table.r, table.pnl, table.fee, strict=True))
        for table in tables
    ]
    together = fold(trades([row for table in every for row in table]), starts)
    assert together.tobytes() == np.concatenate([folded(part) for part in segments]).tobytes()


@settings(max_examples=40)
@given(st.lists(st.lists(rows(most=5), min_size=1, max_size=5), min_size=1, max_size=5))
def test_segments_merge_as_each_would_alone_to_the_bit(segments):
    stretches = [
        np.concatenate(
            [folded([(at + n * 10**6, *rest) for at, *rest in part]) for n, part in enumerate(each)]
        )
        for each in segments
    ]
    starts = np.cumsum([0, *[stretch.size for stretch in stretches[:-1]]])
    together = merge(np.concatenate(stretches), starts)
    assert together.tobytes() == b"".join(merge(each, ONE).tobytes() for each in stretches)


@given(rows(until=5), st.randoms())
@example([(0, 1, 0.0, 1.0, 0.0), (0, 1, -0.0, 1.0, 0.0)], None)
def test_the_order_of_arrival_never_matters(some, random):
    other = random.sample(some, len(some)) if random else some[::-1]
    assert folded(other).tobytes() == folded(some).tobytes()


@given(rows(), st.integers(-(10**9), 10**9))
def test_shifting_time_moves_first_and_last_alone(some, by):
    shifted = folded([(at + by, *rest) for at, *rest in some])
    if some:
        for name in ("first", "last"):
            shifted[name] -= by
    assert shifted.tobytes() == folded(some).tobytes()


@given(rows(), st.sampled_from([0.25, 2.0, 1024.0]))
def test_scaling_r_by_a_power_of_two_scales_its_sums_exactly(some, factor):
    # Below 1e-150 a square or a quarter has fewer bits than a number has.
    some = [(a, h, r if abs(r) > 1e-150 else 0.0, p, f) for a, h, r, p, f in some]
    scaled, plain = folded([(a, h, r * factor, p, f) for a, h, r, p, f in some]), folded(some)
    for name in ("total", "gain", "loss", "best", "worst", "peak", "trough", "drawdown"):
        assert scaled[name] == plain[name] * factor
    assert scaled["squares"] == plain["squares"] * factor**2
    for name in ("trades", "wins", "losses", "money_drawdown", "units", "picos"):
        assert scaled[name] == plain[name]


@given(rows())
def test_turning_every_result_around_swaps_wins_and_losses(some):
    plain = folded(some)
    turned = folded([(at, held, -r, pnl, fee) for at, held, r, pnl, fee in some])
    assert (turned["wins"], turned["losses"]) == (plain["losses"], plain["wins"])
    assert (turned["best"], turned["worst"]) == (-plain["worst"], -plain["best"])


def test_folding_nothing_into_no_segments_gives_no_tallies():
    none = np.zeros(0, np.int64)
    assert fold(trades([]), none).size == 0
    assert merge(empty(0), none).size == 0


def test_many_trades_at_once_equal_the_same_trades_in_a_thousand_pieces():
    rng = np.random.default_rng(7)
    size = 200_000
    r = rng.normal(0, 1, size)
    table = trades([])
    table = type(table)(
        np.arange(size),
        np.ones(size, np.int64),
        r,
        np.round(rng.normal(0, 100, size), 6),
        np.zeros(size),
    )
    tally = empty(1)
    for part in np.array_split(np.arange(size), 997):
        tally = fold(table.take(part), ONE, tally)
    assert tally.tobytes() == fold(table, ONE).tobytes()
