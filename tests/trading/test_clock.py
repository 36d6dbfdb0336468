from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading import clock

MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)


def test_now_is_aware_and_in_utc():
    assert clock.now().utcoffset() == timedelta(0)


def test_a_fixed_clock_answers_its_moment_in_utc_and_only_inside_the_block():
    with clock.at(MOMENT.astimezone(timezone(timedelta(hours=5)))):
        assert clock.now() == MOMENT and clock.now().utcoffset() == timedelta(0)
        with clock.at(MOMENT + timedelta(days=1)):
            assert clock.now() == MOMENT + timedelta(days=1)
        assert clock.now() == MOMENT
    assert clock.now() > MOMENT + timedelta(days=1)


def test_a_moment_without_offset_is_refused():
    naive = datetime(2025, 3, 3)
    with pytest.raises(ValueError, match="offset"), clock.at(naive):
        pass
    with pytest.raises(ValueError, match="offset"):
        clock.to_micros(naive)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2250, 1, 1), timezones=st.timezones()))
def test_microseconds_name_a_moment_exactly(moment):
    micros = clock.to_micros(moment)
    assert clock.from_micros(micros) == moment.astimezone(UTC)
    assert clock.to_micros(clock.from_micros(micros)) == micros


@given(st.integers(0, 2**52))
def test_epoch_seconds_as_float_come_back_to_the_microsecond_until_2100(micros):
    micros %= 4_102_444_800_000_000
    assert clock.to_micros(clock.from_epoch(micros / 1e6)) == micros
