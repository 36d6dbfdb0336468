"""One CSV writer, and one rule for text that a spreadsheet would run; every export follows it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trading.formatting import csv_export

STARTS = ["=", "+", "-", "@", "|", "＝", "＋", "－", "＠", "\t", "\r", "\n", "\0"]


@pytest.mark.parametrize("start", STARTS)
def test_text_that_begins_like_a_formula_gets_an_apostrophe(start):
    assert csv_export.escape(f"{start}SUM(A1)") == f"'{start}SUM(A1)"


@pytest.mark.parametrize("text", ["", "a=1", "rsi_bb", "-1.5", "+3", "-1e-07", " x", "'=1"])
def test_other_text_and_plain_numbers_stay_as_they_are(text):
    assert csv_export.escape(text) == text


@pytest.mark.parametrize("text", ["-1+2", "+1-cmd|' /C calc'!A0", "-.5e", "-1 "])
def test_what_only_begins_like_a_number_is_escaped(text):
    assert csv_export.escape(text) == f"'{text}"


def test_values_are_written_in_one_way():
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    row = [None, True, False, Decimal("1.500"), -0.25, 7, noon, 'say "=1"', "=1"]
    (header, line) = list(csv.reader(io.StringIO("".join(csv_export.lines(["=a"] * 9, [row])))))
    assert header == ["'=a"] * 9
    assert line == [
        *("", "true", "false", "1.5", "-0.25", "7", "2026-03-02T12:00:00.000000Z"),
        *('say "=1"', "'=1"),
    ]
