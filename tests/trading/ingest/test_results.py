"""What a trade's row derives: the result that the bot left out, its flag, its fingerprint."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.story import MONDAY_SECONDS

from .test_trade_schema import errors_of, row


@pytest.mark.parametrize(
    ("changes", "pnl_pct", "pnl"),
    [
        # 100 -> 102, 0.5 units: 2 %, one unit of money
        ({}, 2.0, "1"),
        ({"side": "short"}, -2.0, "-1"),
        # A fee of 0.25 on a notional of 50 is half a percent
        ({"fee": 0.25}, 1.5, "0.75"),
        ({"fee": 0.25, "side": "short"}, -2.5, "-1.25"),
        ({"fee": -0.25}, 2.5, "1.25"),
        ({"leverage": 10}, 2.0, "1"),
        ({"exit_price": 100}, 0.0, "0"),
        ({"exit_price": 100, "side": "short"}, 0.0, "0"),
        ({"pnl": 7}, 2.0, "7"),
        ({"pnl_usd": 7}, 2.0, "7"),
        ({"pnl_pct": 1.99}, 1.99, "1"),
        ({"pnl_pct": "1.99"}, 1.99, "1"),
        ({"entry_price": "1e-12", "exit_price": "1.5e-12", "size": 1}, 50.0, "0"),
    ],
)
def test_a_result_that_the_bot_left_out_is_worked_out_from_prices_and_fee(changes, pnl_pct, pnl):
    found = row(**changes)
    assert found.pnl_pct == pytest.approx(pnl_pct, rel=1e-15)
    assert str(found.pnl_pct) != "-0.0"
    assert found.pnl == Decimal(pnl)
    assert not found.flagged


@pytest.mark.parametrize(
    ("pnl_pct", "fee", "flagged"),
    [
        (2.0, None, False),
        (2.019, None, False),
        (2.021, None, True),
        (1.979, None, True),
        (-2.0, None, True),
        # With a fee of half a percent both 2 % (gross) and 1.5 % (net) are explained.
        (2.0, 0.25, False),
        (1.5, 0.25, False),
        (1.75, 0.25, False),
        (1.481, 0.25, False),
        (1.479, 0.25, True),
        (2.021, 0.25, True),
        (2.5, -0.25, False),
        (2.521, -0.25, True),
    ],
)
def test_a_reported_result_is_kept_and_flagged_where_prices_and_fee_contradict_it(
    pnl_pct, fee, flagged
):
    found = row(pnl_pct=pnl_pct, fee=fee)
    assert (found.pnl_pct, found.flagged) == (pnl_pct, flagged)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"entry_price": "1e-12", "exit_price": "1e12", "size": "1e-12"}, "exit_price"),
        ({"entry_price": 1e11, "exit_price": 1e12, "size": 1e12, "pnl_pct": 1}, "size"),
    ],
)
def test_a_result_out_of_all_bounds_is_refused_instead_of_worked_out(changes, wrong):
    assert errors_of(**changes) == {wrong}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"size": 1}, {"size": 1.0}),
        ({"size": "1.50"}, {"size": 1.5}),
        ({"entry_price": "1e2"}, {"entry_price": 100}),
        ({"pnl_pct": 0.30000000000000004}, {"pnl_pct": "0.30000000000000004"}),
        ({"pnl": 1}, {"pnl_usd": "1.0"}),
        ({"strategy": "rsi_bb"}, {"strategy": "mean_reversion"}),
        ({"exit_time": MONDAY_SECONDS + 7200}, {"exit_time": "2025-03-03T03:00:00+01:00"}),
        ({"context": {"a": 1, "b": 2}}, {"context": {"b": 2, "a": 1}}),
        ({"context": {"mfe_pct": 1}}, {"context": {"mfe_pct": 1.0}}),
        ({"context": {}}, {"context": None}),
        ({"revision": 0}, {"revision": 9}),
        ({"arm": None}, {"arm": ""}),
    ],
    ids=str,
)
def test_the_same_content_written_differently_has_the_same_fingerprint(first, second):
    assert row(**first).digest == row(**second).digest


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0.6},
        {"fee": 0},
        {"exit_time": MONDAY_SECONDS + 7200.000001},
        {"tag": "x"},
        {"mode": "paper"},
        {"context": {"a": 1}},
        {"stop_loss": 99},
        {"parameter_set": 1},
        {"strategy": "rsi_bb@sol"},
        {"pnl_pct": 2.0000000000000004},
        {"currency": "EUR"},
    ],
    ids=str,
)
def test_other_content_has_another_fingerprint(changes):
    assert row(**changes).digest != row().digest
