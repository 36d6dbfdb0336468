from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from trading.strategies.parameters import (
    BadDeclaration,
    Boolean,
    Choice,
    Integer,
    Invalid,
    Number,
    Parameter,
    parameter_from,
)

PERIOD = Integer("period", 14, 2, 200, unit="candles")
STOP = Number("stop", 4.0, 0.5, 100.0, 0.5, unit="bps")
SMOOTHING = Choice("smoothing", "simple", ("simple", "wilder"))
TRAILING = Boolean("trailing", False)


def refusal(parameter: Parameter, value: object) -> str:
    with pytest.raises(Invalid) as caught:
        parameter.clean(value)
    return str(caught.value)


@pytest.mark.parametrize("value", [14, 14.0, "14", " 14 ", "14.0", "1.4e1", Decimal(14)])
def test_a_whole_number_is_accepted_however_it_is_written(value: object) -> None:
    cleaned = PERIOD.clean(value)
    assert (cleaned, type(cleaned)) == (14, int)


@pytest.mark.parametrize("value", [14.5, "14.5", Decimal("14.5"), Fraction(29, 2)])
def test_a_fraction_is_no_whole_number(value: object) -> None:
    assert refusal(PERIOD, value) == "must be a whole number"


@pytest.mark.parametrize("value", [8, 8.0, "8", "8.0", "+8", ".8e1", Decimal("8.0")])
def test_a_number_becomes_a_float_however_it_is_written(value: object) -> None:
    cleaned = STOP.clean(value)
    assert (cleaned, type(cleaned)) == (8.0, float)


@pytest.mark.parametrize("parameter", [PERIOD, STOP])
@pytest.mark.parametrize(
    "value",
    [True, False, None, "", "abc", "nan", "inf", "1_0", "0x10", "\u0664", "1" * 65, [1], 1j],
)
def test_what_is_not_a_number_is_refused(parameter: Parameter, value: object) -> None:
    assert refusal(parameter, value) == "must be a number"


@pytest.mark.parametrize("parameter", [PERIOD, STOP])
@pytest.mark.parametrize("value", ["55,5", "1,000", "1.000,5"])
def test_a_comma_in_a_number_is_said_to_be_no_decimal_mark(
    parameter: Parameter, value: str
) -> None:
    assert refusal(parameter, value) == (
        "must be a number; the decimal mark is a point, as in 0.25, and thousands have no mark"
    )


@pytest.mark.parametrize("parameter", [PERIOD, STOP])
@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        "1e999",
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Fraction(10**400, 3),
    ],
)
def test_a_number_that_is_not_finite_is_refused(parameter: Parameter, value: object) -> None:
    assert refusal(parameter, value) == "must be a finite number"


@pytest.mark.parametrize("value", [1, 201, -(10**400), 10**400, "201"])
def test_a_value_out_of_bounds_is_told_the_bounds(value: object) -> None:
    assert refusal(PERIOD, value) == "must be between 2 and 200"


def test_bounds_are_told_without_exponents() -> None:
    assert refusal(Number("size", 1, 1e-8, 1e9), 0) == "must be between 0.00000001 and 1000000000"


def test_a_step_is_a_grain_and_not_a_condition() -> None:
    assert STOP.clean(0.7) == 0.7


def test_negative_zero_is_zero() -> None:
    assert math.copysign(1, Number("gap", 0, -1, 1).clean(-0.0)) == 1


def test_one_of_the_words_is_accepted_and_others_are_told_the_words() -> None:
    assert SMOOTHING.clean(" wilder ") == "wilder"
    for value in ("Wilder", "", None, 1, True, ["simple"]):
        assert refusal(SMOOTHING, value) == "must be one of simple, wilder"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        ("on", True),
        ("True", True),
        ("yes", True),
        ("1", True),
        (False, False),
        ("off", False),
        ("FALSE", False),
        ("no", False),
        ("0", False),
    ],
)
def test_a_switch_reads_the_words_of_forms(value: object, expected: bool) -> None:
    assert TRAILING.clean(value) is expected


@pytest.mark.parametrize("value", [0, 1, 1.0, None, "", "maybe", []])
def test_a_number_is_no_switch(value: object) -> None:
    assert refusal(TRAILING, value) == "must be on or off"


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Integer("period", 1, 2, 200),
        lambda: Integer("period", 14, 200, 2),
        lambda: Integer("period", 14.5, 2, 200),  # type: ignore[arg-type]
        lambda: Integer("period", 14, 2, 200, 0),
        lambda: Integer("period", 14, 2, 200, -1),
        lambda: Integer("period", True, False, 200),
        lambda: Integer("period", 14, 0, 200, log=True),
        lambda: Number("stop", 101, 0, 100),
        lambda: Number("stop", math.nan, 0, 100),
        lambda: Number("stop", 1, 0, math.inf),
        lambda: Number("stop", 1, 0, 100, 0),
        lambda: Number("stop", 1, 0, 100, log=True),
        lambda: Number("stop", 1, 0, 100, log="yes"),  # type: ignore[arg-type]
        lambda: Number("two words", 1, 0, 100),
        lambda: Number("", 1, 0, 100),
        lambda: Number("1st", 1, 0, 100),
        lambda: Number("n" * 65, 1, 0, 100),
        lambda: Number(7, 1, 0, 100),  # type: ignore[arg-type]
        lambda: Number("stop", 1, 0, 100, unit=5),  # type: ignore[arg-type]
        lambda: Number("stop", 1, 0, 100, tuned="no"),  # type: ignore[arg-type]
        lambda: Choice("smoothing", "simple", ()),
        lambda: Choice("smoothing", "a", "abc"),  # type: ignore[arg-type]
        lambda: Choice("smoothing", "other", ("simple", "wilder")),
        lambda: Choice("smoothing", "simple", ("simple", "simple ")),
        lambda: Choice("smoothing", "simple", ("simple", " ")),
        lambda: Choice("smoothing", "simple", 5),  # type: ignore[arg-type]
        lambda: Boolean("trailing", 1),  # type: ignore[arg-type]
    ],
)
def test_a_contradiction_is_refused_where_it_is_declared(declare: object) -> None:
    with pytest.raises(BadDeclaration):
        declare()  # type: ignore[operator]


def test_a_declaration_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        PERIOD.default = 20  # type: ignore[misc]


def test_every_kind_describes_itself_under_the_same_keys() -> None:
    keys = [list(parameter.describe()) for parameter in (PERIOD, STOP, SMOOTHING, TRAILING)]
    assert all(key == keys[0] for key in keys)
    assert PERIOD.describe()["type"] == "integer"
    assert SMOOTHING.describe()["choices"] == ["simple", "wilder"]
    assert TRAILING.describe()["low"] is None


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({}, "type must be one of number, integer, choice, boolean"),
        ({"type": "float"}, "type must be one of number, integer, choice, boolean"),
        ({"type": ["number"]}, "type must be one of number, integer, choice, boolean"),
        ({"type": "number", "name": "x", "default": 1}, "a number parameter needs low, high"),
        (
            {"type": "boolean", "name": "x", "default": True, "low": 0},
            "boolean parameter has no low",
        ),
        ({"type": "number", "name": "x", "default": "a", "low": 0, "high": 1}, "must be a number"),
        ({"type": "number", "name": "x", "default": 1, "low": [], "high": 1}, "must be a number"),
        ({"type": "choice", "name": "x", "default": "a", "choices": [["a"]]}, "must be a word"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    description: dict[str, object], message: str
) -> None:
    with pytest.raises(BadDeclaration, match=message):
        parameter_from(description)
