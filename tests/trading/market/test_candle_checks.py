from __future__ import annotations

import numpy as np
import pytest

from tests.trading.story import MONDAY_SECONDS
from trading.market.candles import Candles, problems

from .test_candles import FIELDS, MINUTE, made, minutes


def one(**changes) -> Candles:
    sound = {
        "open_time": MONDAY_SECONDS,
        "open": 2.0,
        "high": 3.0,
        "low": 1.0,
        "close": 2.0,
        "volume": 5.0,
    }
    values = sound | changes
    return Candles(
        np.array([values["open_time"]], dtype=np.int64),
        *(np.array([values[name]], dtype=float) for name in FIELDS),
    )


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"high": 0.5}, "high is below low|open lies outside"),
        ({"open": 3.5}, "open lies outside"),
        ({"open": 0.5}, "open lies outside"),
        ({"close": 3.5}, "close lies outside"),
        ({"open_time": MONDAY_SECONDS + 1}, "multiple of the interval"),
        ({"open_time": MONDAY_SECONDS * 1000}, "milliseconds"),
        ({"open_time": -60}, "outside 1970"),
        ({"volume": -1.0}, "volume"),
        ({"volume": np.inf}, "volume"),
        ({"low": 1e-320}, "1e-12"),
        ({"low": 0.0}, "1e-12"),
        ({"high": 1e13}, "1e12"),
        ({"close": np.nan}, "finite"),
        ({"high": np.inf}, "finite"),
    ],
    ids=str,
)
def test_a_bad_candle_is_named_with_what_is_wrong(changes, hint):
    (message,) = problems(one(**changes), MINUTE).values()
    assert any(part in message for part in hint.split("|"))


@pytest.mark.parametrize(
    "changes", [{}, {"volume": np.nan}, {"volume": 0.0}, {"open": 3.0}, {"close": 1.0}]
)
def test_a_sound_candle_has_no_problem(changes):
    assert problems(one(**changes), MINUTE) == {}


def test_bad_rows_are_named_by_their_place_among_good_ones():
    found = made(minutes(1, 2, 3, 4))
    found.high[1], found.volume[3] = 1.0, -1.0
    assert set(problems(found, MINUTE)) == {1, 3}
