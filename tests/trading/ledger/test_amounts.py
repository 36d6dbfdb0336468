from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger.amounts import amount, plain

FIFTEEN = Context(prec=15, rounding=ROUND_HALF_EVEN)
inside = st.decimals("1e-12", "1e12", allow_nan=False, allow_infinity=False) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(1, 10**18),
    st.integers(-30, 12),
).filter(lambda value: Decimal("1e-12") <= value <= Decimal("1e12"))
signed = st.builds(lambda value, sign: value * sign, inside, st.sampled_from([1, -1]))


@given(signed)
def test_an_amount_is_rounded_half_to_even_to_fifteen_digits(value):
    found = amount(value)
    assert found == FIFTEEN.plus(value)
    assert len(found.normalize().as_tuple().digits) <= 15


@given(signed)
def test_rounding_twice_changes_nothing(value):
    assert amount(amount(value)) == amount(value)


@given(signed)
def test_the_written_form_reads_back_as_the_same_amount(value):
    text = plain(amount(value))
    assert Decimal(text) == amount(value)
    assert "E" not in text and not text.endswith(".") and not text.startswith("-0 ")


@given(st.floats(1e-12, 1e12))
def test_a_float_means_its_shortest_decimal(value):
    assert amount(value) == amount(repr(value)) == FIFTEEN.create_decimal(repr(value))


@given(signed)
def test_fifteen_digits_survive_a_float(value):
    assert FIFTEEN.create_decimal_from_float(float(amount(value))) == amount(value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0, "0"),
        (-0.0, "0"),
        ("-0", "0"),
        ("0e-999", "0"),
        (True + 0, "1"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.3"),
        ("0.1234567890123456", "0.123456789012346"),
        ("1.000000000000005", "1"),  # a tie goes to the even digit
        ("1.000000000000015", "1.00000000000002"),
        ("9999999999.999999", "10000000000"),
        ("+1.50", "1.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e-12", "0.000000000001"),
        ("1E12", "1000000000000"),
        (10**12, "1000000000000"),
        (np.float64(0.1), "0.1"),
        (Decimal("1.10"), "1.1"),
    ],
)
def test_amounts_are_read_as_worked_out_by_hand(value, wanted):
    assert plain(amount(value)) == wanted


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        [],
        {},
        b"1",
        1j,
        "",
        " 1 ",
        "1 ",
        "1\n",
        "1,5",
        "1_000",
        "0x10",
        "١",
        "１",
        "NaN",
        "nan",
        "sNaN",
        "Infinity",
        "inf",
        "-inf",
        "1e",
        "e5",
        ".",
        "+",
        "--1",
        "1" * 65,
        "1e99999",
        "1E+1000000",
        float("nan"),
        float("inf"),
        float("-inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        "1e400",
        10**400,
        1e308,
        1e-30,
        5e-324,
        "1e-13",
        "9.99e-13",
        1e17,
        "1000000000000.01",
        "-1000000000000.01",
        "9999999999999999.999999999999",
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(value):
    with pytest.raises(ValueError, match="must be"):
        amount(value)


@given(st.text() | st.binary() | st.none() | st.lists(st.integers()))
def test_anything_else_is_refused_and_never_fails_otherwise(value):
    try:
        amount(value)
    except ValueError as refusal:
        assert str(refusal).startswith("must be")
