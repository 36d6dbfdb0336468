import json
import time
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from selflearn_client import Brick, Candle, NotFound, Position, Unavailable

from trading.models import Bot, EvaluationCount
from trading.parameters import instance_for, promote

from .conftest import T0, Account

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = "http://127.0.0.1:9"


def brick(sequence: int) -> dict:
    opened = T0 + timedelta(minutes=sequence)
    return {
        "sequence": sequence,
        "open_time": opened,
        "close_time": opened + timedelta(seconds=50),
        "open": 100.0 + sequence,
        "close": 101.0 + sequence,
        "direction": "up",
        "high": 101.5 + sequence,
        "low": 99.5 + sequence,
        "size": 1.0,
    }


def position(**changed) -> dict:
    return {
        "strategy": "renko_ao",
        "market": "ETH/USDT",
        "side": "short",
        "entry_price": "3150.25",
        "size": "0.4",
        "entry_time": T0,
        "as_of": T0 + timedelta(minutes=3),
        "stop_loss": 3160,
        "take_profit": 3100.5,
        "order_id": "o-1",
        "initial_size": 0.8,
        "scaled_entries": [{"price": 3140}],
        "extra": {"trailing": True},
    } | changed


def test_recover_gives_back_what_was_sent(account, connect, tmp_path):
    client = connect(account)
    at = int(T0.timestamp())
    rows = [[at + 60 * n, 1.5, 2.0, 1.0, 1.75, None if n % 2 else 9.0] for n in range(300)]
    for row in rows:
        client.push_candles("BTC/USDT", 60, [row])
    client.push_bricks("renko_ao", "ETH/USDT", map(brick, range(250)))
    client.put_position(**position())
    client.put_position(**position(market="GONE"))
    client.close_position("renko_ao", "GONE")
    client.put_state("divergence", {"bricks": [1, 2.5, None]}, as_of=T0)
    wiped = connect(account, directory=tmp_path / "other")
    assert client.flush()
    found = wiped.recover(candles=100, bricks=50)
    assert found.unsent == 0
    assert found.positions == [
        Position(
            "renko_ao",
            "ETH/USDT",
            "short",
            Decimal("3150.25"),
            Decimal("0.4"),
            Decimal("3160"),
            Decimal("3100.5"),
            T0,
            T0 + timedelta(minutes=3),
            "o-1",
            Decimal("0.8"),
            [{"price": 3140}],
            {"trailing": True},
        )
    ]
    assert found.candles == {
        ("BTC/USDT", 60): [Candle(T0 + timedelta(minutes=n), *rows[n][1:]) for n in range(200, 300)]
    }
    ((series, bricks),) = found.bricks.items()
    assert series == ("renko_ao", "ETH/USDT")
    assert bricks == [Brick(**{**brick(n), "direction": 1}) for n in range(200, 250)]
    assert found.state["divergence"].value == {"bricks": [1, 2.5, None]}
    assert found.state["divergence"].as_of == T0
    assert found.parameters["renko_ao"].version == 1
    again = wiped.recover(candles=100, bricks=50)
    assert (again.positions, again.candles, again.bricks) == (
        found.positions,
        found.candles,
        found.bricks,
    )


def test_many_small_pushes_of_a_series_share_a_request(stub, connect):
    client = connect(Account(stub.url, "sl_x"))
    for minute in range(100):
        for market in ("A", "B"):
            client.push_candles(market, 60, [[6e8 * 2 + 60 * minute, 1, 1, 1, 1]])
    assert client.flush()
    assert len(stub.asked) == 2


def test_of_positions_and_states_that_wait_only_the_newest_is_sent(stub, connect):
    client = connect(Account(stub.url, "sl_x"))
    for size in range(1, 50):
        client.put_position(**position(size=size))
        client.put_state("k", size)
        client.heartbeat(version=size)
    assert client.pending == 3
    assert client.flush()
    assert len(stub.asked) == 3


def test_a_state_can_be_read_before_it_was_sent_and_after(account, connect):
    client = connect(account)
    with pytest.raises(NotFound):
        client.get_state("history")
    client.put_state("history", [1], as_of=T0)
    assert client.get_state("history").value == [1]
    assert client.flush()
    assert (client.get_state("history").value, client.get_state("history").as_of) == ([1], T0)


def test_parameters_are_asked_for_once_and_confirmed_by_their_tag(account, connect):
    client = connect(account, refresh=0)
    first = client.parameters("rsi_bb")
    assert (first.version, first.fresh, first.size, first.status) == (1, False, 1.0, "learning")
    assert first.values["take_profit_bps"] == 8.0
    promote(
        instance=instance_for(Bot.objects.get(), "rsi_bb"),
        values={"take_profit_bps": 12},
        reason="wider",
        origin="api",
    )
    assert client.parameters("rsi_bb").values["take_profit_bps"] == 12.0


def test_the_tag_saves_the_answer(stub, connect):
    told = {
        "strategy": "rsi_bb",
        "version": 3,
        "values": {"a": 1},
        "experiment": None,
        "arm": None,
        "size": 0.25,
        "status": "learning",
        "valid_until": None,
    }
    stub.script = [(200, {"ETag": '"x"'}, json.dumps(told).encode()), (304, {}, b"")]
    client = connect(Account(stub.url, "sl_x"), refresh=0.05)
    assert client.parameters("rsi_bb").fresh
    time.sleep(0.1)
    assert client.parameters("rsi_bb").fresh
    assert [headers.get("If-None-Match") for _, _, headers, _ in stub.asked] == [None, '"x"']


def test_parameters_are_kept_while_the_server_is_away(account, connect):
    first = connect(account)
    assert first.parameters("rsi_bb").fresh
    first.close()
    away = connect(Account(AWAY, account.token))
    kept = away.parameters("rsi_bb")
    assert (kept.version, kept.fresh) == (1, False)
    assert kept.values["take_profit_bps"] == 8.0


def test_an_answer_that_ran_out_is_kept_but_not_fresh(stub, connect):
    told = {
        "strategy": "rsi_bb",
        "version": 3,
        "values": {},
        "experiment": "7",
        "arm": "b",
        "size": 1,
        "status": "learning",
        "valid_until": "2026-01-01T00:00:00Z",
    }
    stub.script = [(200, {}, json.dumps(told).encode())]
    stub.otherwise = (503, {}, b"")
    client = connect(Account(stub.url, "sl_x"), refresh=60)
    assert not client.parameters("rsi_bb").fresh
    assert client.parameters("rsi_bb").arm == "b"
    assert len(stub.asked) == 2


def test_where_nothing_was_ever_known_the_bots_own_values_serve_or_it_is_told(connect):
    client = connect(Account(AWAY, "sl_x"))
    with pytest.raises(Unavailable):
        client.parameters("rsi_bb")
    own = client.parameters("rsi_bb", default={"take_profit_bps": 5})
    assert (own.values["take_profit_bps"], own.version, own.fresh) == (5, None, False)


def test_the_thread_brings_new_parameters(account, connect):
    client = connect(account, background=True, refresh=0.2)
    assert client.parameters("rsi_bb").version == 1
    promote(instance=instance_for(Bot.objects.get(), "rsi_bb"), values={}, reason="x", origin="api")
    deadline = time.monotonic() + 5
    while client.parameters("rsi_bb").version == 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.parameters("rsi_bb").version == 2


def counts() -> list[tuple]:
    return sorted(
        EvaluationCount.objects.values_list("evaluations", "signals", flat=False).order_by()
    )


def test_evaluations_are_summed_and_sent_once(account, connect):
    client = connect(account)
    for number in range(100):
        client.count("rsi_bb", "BTC/USDT", blocked=None if number % 10 == 0 else "volatility")
    client.count("rsi_bb", "ETH/USDT", blocked="rsi")
    assert client.flush()
    assert client.flush()
    assert counts() == [(1, 0), (100, 10)]
    row = EvaluationCount.objects.get(evaluations=100)
    assert row.blocked == {"volatility": 90}


def test_a_new_stretch_begins_when_one_was_sent(account, connect):
    client = connect(account)
    for _ in range(3):
        client.count("rsi_bb", "BTC/USDT")
        assert client.flush()
    assert counts() == [(1, 1)] * 3
    ends = EvaluationCount.objects.order_by("from_at").values_list("from_at", "to_at")
    assert all(before[1] <= after[0] for before, after in pairwise(ends))


def test_counts_of_a_process_that_died_are_sent_by_the_next(account, connect):
    first = connect(account)
    first.count("rsi_bb", "BTC/USDT", blocked="rsi")
    first._outbox.close()
    first._stopped.set()
    second = connect(account)
    second.count("rsi_bb", "BTC/USDT")
    assert second.flush()
    assert counts() == [(1, 0), (1, 1)]


def test_a_clock_that_goes_back_never_replaces_a_stretch(account, connect):
    moments = iter([T0, T0 + timedelta(seconds=5), T0])
    client = connect(account, now=lambda: next(moments, T0 + timedelta(seconds=1)))
    client.count("rsi_bb", "BTC/USDT")
    client._counter.end()
    client.count("rsi_bb", "BTC/USDT")
    assert client.flush()
    assert counts() == [(1, 1)] * 2
