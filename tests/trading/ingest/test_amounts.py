"""Amounts and their sums, there and back through the database."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from tests.trading.story import NOW, make_bot, trade
from trading import clock
from trading.ingest import store_trades
from trading.models import Trade

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    with clock.at(NOW):
        yield make_bot()


def test_amounts_of_fifteen_digits_come_back_equal(bot):
    rng = random.Random(15)
    wanted = {}
    trades = []
    for number in range(500):
        digits = rng.randrange(1, 10 ** rng.randrange(1, 16))
        value = Decimal(digits).scaleb(rng.randrange(-26, 1)).normalize()
        if not Decimal("1e-12") <= value <= Decimal("1e6"):
            value = Decimal(digits).scaleb(-9)
        trades.append(
            trade(
                id=str(number),
                entry_price=f"{value:f}",
                exit_price=f"{value:f}",
                size=f"{value:f}",
                stop_loss=f"{value:f}",
                pnl=f"{-value:f}",
                fee=f"{value:f}",
                pnl_pct=0,
            )
        )
        wanted[str(number)] = value
    assert store_trades(bot, trades).stored == 500
    for found in Trade.objects.all():
        value = wanted[found.external_id]
        assert (found.entry_price, found.exit_price, found.size) == (value,) * 3
        assert (found.stop_loss, found.fee, found.pnl) == (value, value, -value)


@pytest.mark.parametrize(
    "value",
    ["1e-12", "9.99999999999999e-12", "1e12", "999999999999.999", "0.1", "123456789012345e-20"],
)
def test_the_ends_of_what_an_amount_may_be_come_back_equal(bot, value):
    store_trades(bot, [trade(pnl=value, fee=value, stop_loss=value, pnl_pct=2)])
    found = Trade.objects.get()
    assert (found.pnl, found.fee, found.stop_loss) == (Decimal(value),) * 3
