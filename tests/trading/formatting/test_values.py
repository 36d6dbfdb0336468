"""How numbers, money, durations and times read, on pages, in mails and in commands."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from trading import formatting

NOON = datetime(2026, 3, 2, 12, 4, 5, 678, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("117345.53"), "117,346"),
        (Decimal("0.758132154"), "0.758132"),
        (0.00001234567, "0.0000123457"),
        (1234567.25, "1,234,567"),
        (Decimal("100.10"), "100.1"),
        (-0.25, "-0.25"),
        (Decimal("-0.00"), "0"),
        (99.9999999, "100"),
        (None, formatting.NOTHING),
    ],
)
def test_prices_and_sizes_have_at_most_six_significant_digits(number, text):
    assert formatting.amount(number).text == text


def test_a_shortened_price_keeps_the_exact_one_in_its_title():
    assert formatting.amount(Decimal("117345.53")).title == "117,345.53"
    assert formatting.amount(Decimal("117345")).title == ""


def test_results_have_a_sign_a_tone_and_no_space_before_a_percent_sign():
    gain, loss, even = formatting.result(0.0541), formatting.result(-3, "bps", 1), 0.0
    assert (gain.text, gain.tone) == ("+0.054%", "gain")
    assert (loss.text, loss.tone) == ("-3.0 bps", "loss")
    assert (formatting.result(even).text, formatting.result(even).tone) == ("+0.000%", "")


def test_counts_shares_and_money_read_alike():
    assert formatting.count(4155).text == "4,155"
    assert formatting.percent(0.541).text == "54.1%"
    assert formatting.money(Decimal("-1234.5"), "USDT").text == "-1,234.50 USDT"
    assert formatting.money(Decimal("0.0123"), "USDT").text == "+0.0123 USDT"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0.2 s"), (45, "45 s"), (720, "12 min"), (10_800, "3 h"), (172_800, "2 d")]
    + [(3_780, "1 h 3 min"), (None, formatting.NOTHING)],
)
def test_durations_are_at_most_two_units(seconds, text):
    assert formatting.duration(seconds) == text


def test_values_have_separators_and_settings_read_as_they_are_typed():
    assert formatting.value(5000, "bps") == "5,000 bps"
    assert formatting.value(0.7581234, "price") == "0.758123"
    assert formatting.value(12.5, "pct") == "12.5%"
    assert formatting.value(1, "candles") == "1 candle"
    assert formatting.value(True) == "yes"
    assert formatting.setting(5000, "bps") == "5000 bps"
    assert formatting.setting(0.12345678, "bps") == "0.12345678 bps"
    assert formatting.setting(True) == "on"


def test_times_are_in_the_current_zone_and_name_it():
    assert formatting.moment(NOON).text == "2026-03-02 12:04:05 UTC"
    assert formatting.minute(NOON).text == "2026-03-02 12:04 UTC"
    with timezone.override("Europe/Berlin"):
        assert formatting.moment(NOON).text == "2026-03-02 13:04:05 CET"
        assert formatting.moment(NOON).title == "2026-03-02 13:04:05.000678 CET"
