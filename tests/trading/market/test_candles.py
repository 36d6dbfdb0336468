from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from tests.trading.story import MONDAY_SECONDS, make_bot
from trading.clock import from_epoch
from trading.db.counts import Counts
from trading.market import candles
from trading.market.candles import Candles, load, series_for, span, store
from trading.models import CandleBlock, CandleSeries

pytestmark = pytest.mark.django_db
MINUTE = 60
FIELDS = ("open", "high", "low", "close", "volume")


def made(times, shift: float = 0.0, volume: float = 1.0) -> Candles:
    """Sound candles whose prices follow from their times."""
    at = np.asarray(times, dtype=np.int64)
    middle = 100 + (at / 60) % 7 + shift
    return Candles(at, middle, middle + 1, middle - 1, middle + 0.5, np.full(at.size, volume))


def series(interval: int = MINUTE, market: str = "BTC", bot=None) -> CandleSeries:
    return series_for(bot, market, interval)


def blocks(of: CandleSeries) -> list[tuple]:
    names = ("start", "candles", "first", "last", "gaps", "columns", "as_of")
    found = CandleBlock.objects.filter(series=of).order_by("start").values_list(*names)
    return [(*row[:5], bytes(row[5]), row[6] and bytes(row[6])) for row in found]


def read(of: CandleSeries, *bounds) -> dict[int, float]:
    found = load(of, *bounds)
    return dict(zip(found.open_time.tolist(), found.open.tolist(), strict=True))


def counts(found: Counts) -> tuple[int, int, int]:
    return found.stored, found.updated, found.unchanged


def minutes(*numbers: int) -> np.ndarray:
    return MONDAY_SECONDS + MINUTE * np.array(numbers, dtype=np.int64)


def test_candles_come_back_bit_for_bit():
    sent = made(minutes(*range(5000)), volume=np.nan)
    assert counts(store(series(), sent)) == (5000, 0, 0)
    assert load(series()).matrix().tobytes() == sent.matrix().tobytes()


def test_a_repeat_changes_nothing():
    store(series(), made(minutes(1, 2, 3)))
    before = blocks(series())
    assert counts(store(series(), made(minutes(1, 2, 3)))) == (0, 0, 3)
    assert blocks(series()) == before


def test_without_as_of_the_later_message_wins():
    store(series(), made(minutes(1, 2, 3)))
    assert counts(store(series(), made(minutes(2, 4), shift=9))) == (1, 1, 0)
    wanted = made(minutes(1, 2, 3)).open
    wanted[1] += 9
    assert list(read(series()).values())[:3] == pytest.approx(list(wanted))


def test_of_two_candles_of_one_time_in_a_message_the_later_wins():
    both = candles.from_matrix(
        np.hstack([made(minutes(1)).matrix(), made(minutes(1), shift=5).matrix()])
    )
    assert counts(store(series(), both)) == (1, 0, 1)
    assert list(read(series()).values()) == list(made(minutes(1), shift=5).open)


def test_an_empty_message_stores_nothing():
    assert counts(store(series(), made([]))) == (0, 0, 0)
    assert series().candles == 0 and len(load(series())) == 0


def test_an_older_message_never_overwrites_a_newer_one():
    store(series(), made(minutes(1), shift=2), as_of=200)
    assert counts(store(series(), made(minutes(1), shift=1), as_of=100)) == (0, 0, 1)
    assert list(read(series()).values()) == list(made(minutes(1), shift=2).open)
    assert counts(store(series(), made(minutes(1), shift=3), as_of=300)) == (0, 1, 0)


def test_a_newer_message_that_says_the_same_still_guards_against_what_lies_between():
    for shift, as_of in ((1, 100), (1, 300), (2, 200)):
        store(series(), made(minutes(1), shift=shift), as_of=as_of)
    assert list(read(series()).values()) == list(made(minutes(1), shift=1).open)


def test_a_message_without_as_of_does_not_let_older_ones_in_again():
    for shift, as_of in ((1, 200), (2, None), (3, 100)):
        store(series(), made(minutes(1), shift=shift), as_of=as_of)
    assert list(read(series()).values()) == list(made(minutes(1), shift=2).open)


class AnyDelivery(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(st.sets(st.integers(0, 8000), min_size=1, max_size=60), st.data())
    def test_any_split_order_and_repeat_of_the_same_candles_gives_the_same_bytes(
        self, numbers, data
    ):
        times = minutes(*sorted(numbers))
        whole, parts = series(market="WHOLE"), series(market="PARTS")
        store(whole, made(times))
        left = data.draw(st.permutations(times.tolist()))
        while left:
            size = data.draw(st.integers(1, len(left)))
            store(parts, made(left[:size]))
            left = left[size:]
            if data.draw(st.booleans()):
                store(parts, made(data.draw(st.permutations(times.tolist()))[:3]))
        assert blocks(parts) == blocks(whole)
        for name in ("candles", "first_at", "last_at", "gaps", "missing"):
            found = CandleSeries.objects.get(pk=parts.pk)
            assert getattr(found, name) == getattr(CandleSeries.objects.get(pk=whole.pk), name)

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.tuples(st.lists(st.integers(0, 5), min_size=1, unique=True), st.integers(0, 2)),
            min_size=1,
            max_size=6,
        ),
        st.randoms(use_true_random=False),
    )
    def test_in_any_order_the_newest_message_about_each_candle_wins(self, messages, random):
        found, wanted = series(market="ANY"), {}
        sent = [(numbers, shift, as_of) for as_of, (numbers, shift) in enumerate(messages, 1)]
        for numbers, shift, _ in sent:
            told = made(minutes(*numbers), shift)
            wanted |= dict(zip(told.open_time.tolist(), told.open.tolist(), strict=True))
        random.shuffle(sent)
        for numbers, shift, as_of in sent:
            store(found, made(minutes(*numbers), shift), as_of=float(as_of))
        assert read(found) == wanted


@settings(max_examples=40)
@given(st.sets(st.integers(0, 200), min_size=1), st.sampled_from([60, 900, 86_400]))
def test_gaps_and_missing_equal_a_naive_count(numbers, interval):
    CandleSeries.objects.all().delete()
    times = [MONDAY_SECONDS // interval * interval + interval * number for number in numbers]
    of = series(interval)
    store(of, made(times))
    every = set(range(min(times), max(times) + 1, interval))
    missing = sorted(every - set(times))
    starts = [time for time in missing if time - interval not in missing]
    found = CandleSeries.objects.get(pk=of.pk)
    assert (found.candles, found.missing, found.gaps) == (len(times), len(missing), len(starts))
    assert (found.first_at, found.last_at) == (from_epoch(min(times)), from_epoch(max(times)))
    holes = candles.gaps(found)
    assert [hole[0] for hole in holes] == starts
    assert [time for a, b, _ in holes for time in range(a, b + 1, interval)] == missing
    assert sum(hole[2] for hole in holes) == len(missing)


@pytest.mark.parametrize(
    ("interval", "length"),
    [
        (1, 3_600),
        (5, 3_600),
        (15, 3_600),
        (60, 86_400),
        (300, 7 * 86_400),
        (900, 30 * 86_400),
        (3_600, 30 * 86_400),
        (14_400, 365 * 86_400),
        (86_400, 365 * 86_400),
        (604_800, 365 * 86_400),
        (400 * 86_400, 365 * 86_400),
    ],
)
def test_a_block_spans_the_longest_time_of_at_most_three_thousand_candles(interval, length):
    assert span(interval) == length
    assert interval == 1 or length // interval <= 3_000


def test_no_block_holds_a_candle_of_another_span():
    store(series(), made(minutes(*range(0, 5000, 7))))
    for start, size, first, last, *_ in blocks(series()):
        assert start % 86_400 == 0
        assert start <= first <= last < start + 86_400
        assert size <= 1440


@pytest.mark.parametrize("since", [None, 0, 5, 1439, 1440, 1441, 4000, 10_000])
@pytest.mark.parametrize("until", [None, 0, 5, 1439, 1440, 1441, 4000, 10_000])
@pytest.mark.parametrize("beside", [0, 1])
def test_reading_a_stretch_equals_a_naive_filter(since, until, beside):
    times = minutes(*(number for number in range(4500) if number % 11))
    store(series(), made(times))
    first, last = (
        None if part is None else int(minutes(part)[0]) + beside for part in (since, until)
    )
    wanted = [
        time
        for time in times.tolist()
        if (first is None or time >= first) and (last is None or time < last)
    ]
    assert load(series(), first, last).open_time.tolist() == wanted


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 100, 10_000])
def test_the_newest_candles_are_found_across_gaps(limit):
    times = minutes(0, 1, 2, 3000, 3001, 9000)
    store(series(), made(times))
    wanted = times.tolist()[-limit:] if limit else []
    assert candles.newest(series(), limit).open_time.tolist() == wanted


def test_a_bots_own_series_is_found_before_the_shared_one():
    bot = make_bot()
    shared = series()
    assert candles.find_series(bot, "BTC", MINUTE) == shared
    own = series(bot=bot)
    assert candles.find_series(bot, "BTC", MINUTE) == own
    assert candles.find_series(make_bot("Juno"), "BTC", MINUTE) == shared
    assert candles.find_series(None, "BTC", MINUTE) == shared
    assert candles.find_series(bot, "BTC", 900) is None
