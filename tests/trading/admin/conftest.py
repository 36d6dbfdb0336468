"""One story: bot alpha with two strategies, two markets, two modes, and many equal exits."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User

from trading import ingest
from trading.ingest.trade_schema import TradeIn
from trading.models import Bot, Origin
from trading.parameters import instance_for, promote
from trading.strategies import get

START = datetime(2025, 3, 1, tzinfo=UTC)


def trade(number, **changed):
    """A trade, the number-th of its story; every fourth leaves with the one before it."""
    leave = START + timedelta(minutes=10 * (number - (number % 4 == 3)))
    values = {
        "external_id": f"t-{number}",
        "strategy": ("rsi_bb", "renko_ao")[number % 2],
        "market": ("BTC/USDT", "ETH/USDT")[number % 3 == 0],
        "side": "long",
        "entry_price": 100,
        "exit_price": 101 if number % 2 else 99,
        "size": 1,
        "entry_time": (leave - timedelta(minutes=3)).timestamp(),
        "exit_time": leave.timestamp(),
        "exit_reason": ("stop_loss", "take_profit", "time_stop")[number % 3],
        "pnl_pct": 5 if number % 25 == 0 else None,
        "mode": "paper" if number % 10 == 7 else "live",
        "context": {"volatility_bps": 3.5, "rsi_value": 61, "oddity": [1, 2]},
        **changed,
    }
    return TradeIn(**values)


@pytest.fixture
def bot(db):
    return Bot.objects.create(name="alpha")


def tell(bot):
    """130 trades; the set that was live in the middle made some of them."""
    ingest.store_trades(bot, [trade(number) for number in range(130)])
    promote(
        instance=instance_for(bot, "rsi_bb"),
        values=get("rsi_bb").defaults(),
        reason="What the bot ran with",
        origin=Origin.IMPORT,
        live_from=START + timedelta(hours=6),
    )
    return bot


def daily(first_day, results, **changed):
    """A trade with each of these results in percent, two a day from a day of the story on."""
    return [
        trade(
            0,
            external_id=f"d-{first_day}-{number}",
            entry_time=(START + timedelta(days=first_day + number // 2, hours=1)).timestamp(),
            exit_time=(START + timedelta(days=first_day + number // 2, hours=2)).timestamp(),
            exit_price=100 + result,
            pnl_pct=result,
            **changed,
        )
        for number, result in enumerate(results)
    ]


@pytest.fixture
def tuned(bot):
    """rsi_bb with a stop of 4 bps for twenty days, of 6 for twenty, of 4 again since: trades won
    about 0.1% under the first, 0.3% under the second, and three were made since."""
    sets = ((0, 4, "What the bot ran with"), (20, 6, "Noise hit the stops"), (40, 4, "Too loose"))
    ingest.store_trades(bot, daily(0, [0.1, -0.1, 0.3, 0.1] * 10))
    ingest.store_trades(bot, daily(20, [0.3, 0.1, 0.5, 0.3] * 10))
    ingest.store_trades(bot, daily(40, [0.1, -0.1, 0.3]))
    instance = instance_for(bot, "rsi_bb")
    for day, stop, reason in sets:
        promote(
            instance=instance,
            values={**get("rsi_bb").defaults(), "stop_loss_bps": stop},
            reason=reason,
            origin=Origin.IMPORT,
            live_from=START + timedelta(days=day),
        )
    return instance


@pytest.fixture
def story(bot):
    return tell(bot)


@pytest.fixture
def owner(client, db):
    """A client who may do everything."""
    client.force_login(User.objects.create_superuser("owner"))
    return client


@pytest.fixture
def guest(client, db):
    """A member of staff without any permission."""
    user = User.objects.create_user("guest", is_staff=True)
    client.force_login(user)
    client.user = user
    return client
