import numpy as np
import pytest

from trading.demo import market
from trading.demo.market import DAY

TODAY = 20_779


def test_a_day_is_the_same_however_often_it_is_drawn():
    first = market.ticks("DEMO-BTC", TODAY)
    market.ticks.cache_clear()
    market._slow.cache_clear()
    again = market.ticks("DEMO-BTC", TODAY)
    assert np.array_equal(first.price, again.price)
    assert np.array_equal(first.volume, again.volume)


def test_a_day_begins_where_the_one_before_ended():
    for name, described in market.MARKETS.items():
        before, after = market.ticks(name, TODAY - 1), market.ticks(name, TODAY)
        assert before.price[-1] == pytest.approx(after.opening, abs=10.0**-described.decimals)


def test_candles_in_pieces_are_the_candles_of_the_whole():
    start = TODAY * DAY - 3_600
    whole = market.candles("DEMO-ETH", 60, start, start + 7_200)
    starts = range(start, start + 7_200, 600)
    pieces = [market.candles("DEMO-ETH", 60, at, at + 600) for at in starts]
    assert np.array_equal(whole, np.vstack(pieces))
    assert (whole[:, 2] >= whole[:, [1, 4]].max(axis=1)).all()
    assert (whole[:, 3] <= whole[:, [1, 4]].min(axis=1)).all()
    assert np.array_equal(whole[1:, 1], whole[:-1, 4])


def test_returns_have_fat_tails_and_regimes():
    close = np.concatenate(
        [
            market.candles("DEMO-BTC", 300, day * DAY, (day + 1) * DAY)[:, 4]
            for day in range(TODAY - 20, TODAY)
        ]
    )
    moves = np.diff(np.log(close))
    kurtosis = ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2
    assert kurtosis > 3.5
    spread = moves[: 72 * 79].reshape(-1, 72).std(axis=1)
    assert spread.max() > 2 * spread.min()
