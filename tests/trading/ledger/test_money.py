from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger import money

PICO = money.PICO


@st.composite
def amounts(draw: st.DrawFn, most_decimals: int = 12) -> Decimal:
    """Decimals of up to 15 digits, magnitudes 1e-12 .. 1e12, or zero."""
    decimals = draw(st.integers(0, most_decimals))
    largest = min(10**15 - 1, 10 ** (12 + decimals))
    return Decimal(draw(st.integers(-largest, largest))).scaleb(-decimals)


def split(values: list[Decimal]) -> tuple[np.ndarray, np.ndarray]:
    return money.split(np.array([float(value) for value in values], dtype=np.float64))


def exact(units: np.ndarray, picos: np.ndarray) -> list[Decimal]:
    return [
        money.to_decimal(unit, pico)
        for unit, pico in zip(units.tolist(), picos.tolist(), strict=True)
    ]


@given(st.lists(amounts(), max_size=20))
def test_splitting_an_amount_of_at_most_twelve_decimals_loses_nothing(values):
    units, picos = split(values)
    assert exact(units, picos) == values
    assert ((picos >= 0) & (picos < PICO)).all()


@given(st.lists(amounts(), max_size=50))
def test_split_amounts_add_up_to_the_exact_sum(values):
    units, picos = split(values)
    assert money.to_decimal(units.sum(), picos.sum()) == sum(values, Decimal(0))


@given(st.lists(amounts(), min_size=1, max_size=50), st.randoms())
def test_the_order_of_amounts_does_not_change_their_sum_as_float(values, random):
    shuffled = random.sample(values, len(values))
    sums = [tuple(part.sum(keepdims=True) for part in split(given)) for given in (values, shuffled)]
    assert money.to_float(*sums[0]).tobytes() == money.to_float(*sums[1]).tobytes()


@given(amounts(most_decimals=26).filter(lambda value: abs(value) >= Decimal("1e-12")))
def test_decimals_beyond_the_twelfth_are_rounded_to_the_nearest_pico(value):
    (found,) = exact(*split([value]))
    # A float64 of 15 digits names the tie itself only to within its own last bit.
    assert abs(found - value) <= Decimal("0.5001e-12")


@pytest.mark.parametrize(
    ("value", "units", "picos"),
    [
        ("0", 0, 0),
        ("1", 1, 0),
        ("-1", -1, 0),
        ("0.1", 0, 100_000_000_000),
        ("-0.1", -1, 900_000_000_000),
        ("1e-12", 0, 1),
        ("-1e-12", -1, PICO - 1),
        ("1e12", 10**12, 0),
        ("-1e12", -(10**12), 0),
        ("999999999999.999", 999_999_999_999, 999_000_000_000),
        ("999.999999999999", 999, 999_999_999_999),
        ("-999.999999999999", -1000, 1),
        ("1000.00000000001", 1000, 10),
    ],
)
def test_amounts_split_as_worked_out_by_hand(value, units, picos):
    found = split([Decimal(value)])
    assert (found[0].item(), found[1].item()) == (units, picos)


def test_digits_beyond_the_fifteenth_are_float_noise_and_vanish():
    assert exact(*money.split(np.array([0.1 + 0.2, 100.1 + 200.2]))) == [
        Decimal("0.3"),
        Decimal("300.3"),
    ]


wide = st.tuples(
    st.integers(-(10**15), 10**15), st.integers(-9 * 10**18, 9 * 10**18)
)  # what sums of some millions of picos come to


@given(st.lists(wide, min_size=1, max_size=20))
def test_carrying_changes_the_writing_and_not_the_sum(pairs):
    units, picos = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    carried = money.carry(units, picos)
    assert exact(*carried) == exact(units, picos)
    assert ((carried[1] >= 0) & (carried[1] < PICO)).all()
    again = money.carry(*carried)
    assert [part.tolist() for part in again] == [part.tolist() for part in carried]


@given(wide, st.integers(-1000, 1000))
def test_a_sum_gives_the_same_float_however_it_is_carried(pair, moved):
    units, picos = (np.array([part], dtype=np.int64) for part in money.carry(*map(np.int64, pair)))
    other = money.to_float(units - moved, picos + moved * PICO)
    assert other.tobytes() == money.to_float(units, picos).tobytes()


@given(wide)
def test_the_float_of_a_sum_is_within_a_thousandth_of_a_pico_or_its_last_bit(pair):
    units, picos = (np.array([part], dtype=np.int64) for part in pair)
    (found,), (true,) = money.to_float(units, picos).tolist(), exact(units, picos)
    assert abs(Decimal(found) - true) <= max(Decimal("1e-15"), abs(true) * Decimal("2.3e-16"))


def test_an_exact_sum_is_written_without_trailing_zeros_or_exponent():
    assert [str(money.to_decimal(*pair)) for pair in ((0, 0), (100, 0), (-1, 5 * 10**11))] == [
        "0",
        "100",
        "-0.5",
    ]


@given(amounts())
def test_rounding_a_float_of_money_gives_its_fifteen_digits_back(value):
    assert money.rounded(float(value)) == value
