from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading import clock
from trading.validation import limits

NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2025-01-31T12:00:00Z", NOON),
        ("2025-01-31T12:00:00+00:00", NOON),
        ("2025-01-31 14:00:00+02:00", NOON),
        ("2025-01-31T06:30:00-05:30", NOON),
        ("2025-01-31T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2025-01-31T12:00:00.123456789Z", NOON + timedelta(microseconds=123_456)),
        (1738324800, NOON),
        (1738324800.25, NOON + timedelta(milliseconds=250)),
        (NOON, NOON),
        ("1990-01-01T00:00:00Z", limits.EARLIEST),
        ("2199-12-31T23:59:59Z", limits.LATEST - timedelta(seconds=1)),
    ],
)
def test_a_time_is_read_from_iso_with_offset_or_epoch_seconds(value, wanted):
    found = limits.moment(value)
    assert found == wanted and found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("2025-01-31T12:00:00", "no offset"),
        (datetime(2025, 1, 31), "no offset"),
        (1738324800000, "milliseconds"),
        (1738324800000.5, "milliseconds"),
        (-1738324800000, "milliseconds"),
        (10**400, "milliseconds"),
        (0, "before 1990"),
        (631151999, "before 1990"),
        ("0001-01-01T00:00:00+14:00", "before 1990"),
        ("9999-12-31T23:59:59-12:00", "after 2199"),
        ("2200-01-01T00:00:00Z", "after 2199"),
        (50_000_000_000, "after 2199"),
        ("2025-01-31", "ISO 8601"),
        ("0000-01-01T00:00:00Z", "ISO 8601"),
        ("2025-02-30T00:00:00Z", "ISO 8601"),
        ("2025-01-31T12:00:60Z", "ISO 8601"),
        ("2025-01-31T12:00:00+25:00", "ISO 8601"),
        ("2025-01-31T12:00:00 Europe/Berlin", "ISO 8601"),
        ("10000-01-01T00:00:00Z", "ISO 8601"),
        ("2025-W05-5T12:00:00Z", "ISO 8601"),
        ("٢٠٢٥-01-31T12:00:00Z", "ISO 8601"),
        ("1738324800", "ISO 8601"),
        ("", "ISO 8601"),
        ("x" * 1000, "ISO 8601"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        (True, "must be a time"),
        (None, "must be a time"),
        ([], "must be a time"),
    ],
)
def test_a_time_that_is_none_is_refused_with_a_hint(value, hint):
    with pytest.raises(ValueError, match=hint):
        limits.moment(value)


@given(st.text() | st.floats() | st.integers() | st.datetimes(timezones=st.timezones()))
def test_any_time_is_answered_or_refused_and_nothing_else(value):
    try:
        found = limits.moment(value)
    except ValueError:
        return
    assert limits.EARLIEST <= found < limits.LATEST
    # Times reach arrays as float64.
    assert int(float(clock.to_micros(found))) == clock.to_micros(found)


def test_texts_are_measured_in_characters():
    assert limits.text("ü" * 10, 10) == "ü" * 10
    with pytest.raises(ValueError, match="longer than 10"):
        limits.text("x" * 11, 10)


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "x\udfff"])
def test_characters_that_no_database_holds_are_refused(value):
    with pytest.raises(ValueError, match="cannot be stored"):
        limits.text(value, 10)


@pytest.mark.parametrize(
    "value", ["<script>", "=HYPERLINK()", "a\r\nBcc: x", "'; --", "{{ x }}", "\u202e", "🦉"]
)
def test_any_other_text_is_kept_byte_for_byte(value):
    assert limits.text(value, 40) == value


def nested(depth: int, leaf: object = 1) -> dict:
    """Containers within containers, ``depth`` of them, the object included."""
    value = leaf
    for level in range(depth - 1):
        value = [value] if level % 2 else {"a": value}
    return {"root": value}


def test_json_may_be_nested_twenty_deep_and_no_deeper():
    assert limits.json_value(nested(20)) == nested(20)
    for depth in (21, 100_000):
        with pytest.raises(ValueError, match="deeper than 20"):
            limits.json_value(nested(depth))


def test_json_may_have_16_kb_and_not_a_byte_more():
    full = {"a": "x" * (16_384 - len('{"a":""}'))}
    assert limits.json_value(full) == full
    with pytest.raises(ValueError, match="16 kB"):
        limits.json_value({"a": full["a"] + "x"})
    with pytest.raises(ValueError, match="16 kB"):
        limits.json_value({str(number): None for number in range(50_000)})


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        float("-inf"),
        "\x00",
        "a\x00",
        "\ud800",
        2**64,
        -(2**64),
        10**400,
    ],
)
def test_what_json_cannot_hold_is_refused_at_any_depth(value):
    for holder in ({"a": value}, {"a": [1, {"b": value}]}):
        with pytest.raises(ValueError, match="holds"):
            limits.json_value(holder)
    if isinstance(value, str):
        with pytest.raises(ValueError, match="holds"):
            limits.json_value({"a": {value: 1}})


@pytest.mark.parametrize(
    "value", ["\\u0000", "\\ud800", "__proto__", 2**64 - 1, -(2**63), 5e-324, None, True, [], {}]
)
def test_whatever_json_holds_is_kept(value):
    assert limits.json_value({"a": value, "b": [value]})["a"] == value


def test_a_key_that_scripts_would_take_for_something_else_is_refused():
    for value in ({"__proto__": 1}, {"a": [{"__proto__": {}}]}):
        with pytest.raises(ValueError, match="__proto__"):
            limits.json_value(value)


def test_an_open_object_may_have_2000_keys_and_not_one_more():
    full = {f"{number:x}": 1 for number in range(2_000)}
    assert limits.json_value(full) == full
    with pytest.raises(ValueError, match="2000 keys"):
        limits.json_value(full | {"more": 1})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1e300, 10**300, True),
        ({"a": [1.2345678901234567e18]}, {"a": [1234567890123456700]}, True),
        (1, True, False),
        ([1], [1, 2], False),
        ({"a": 1}, {"b": 1}, False),
        ("1", 1, False),
        (None, 0, False),
    ],
)
def test_json_is_the_same_whatever_a_database_makes_of_its_numbers(one, other, same):
    assert limits.same_json(one, other) is same
