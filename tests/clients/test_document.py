"""The example and the commands of docs/connect-a-bot.md, run as they are written."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from trading.models import Bot, EvaluationCount, Position, StateEntry, Trade

from .conftest import CLIENT, ROOT, trade
from .test_kills import trades_of

pytestmark = [pytest.mark.either, pytest.mark.django_db(transaction=True)]
PAGE = (ROOT / "docs" / "connect-a-bot.md").read_text()
EXAMPLE = re.search(r"```python\n(.*?)```", PAGE, re.S)[1]


def environment(account) -> dict[str, str]:
    return os.environ | {
        "SELFLEARN_URL": account.url,
        "SELFLEARN_TOKEN": account.token,
        "PYTHONPATH": str(CLIENT),
    }


def test_the_example_bot_is_short():
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 60


def test_the_example_bot_trades_and_leaves_nothing_behind(account, tmp_path):
    (tmp_path / "bot.py").write_text(EXAMPLE)
    bot = subprocess.Popen(
        [sys.executable, "bot.py"],
        cwd=tmp_path,
        env=environment(account),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not Trade.objects.exists() and time.monotonic() < deadline and bot.poll() is None:
        time.sleep(0.1)
    bot.send_signal(signal.SIGINT)
    errors = bot.communicate(timeout=20)[1]
    assert "KeyboardInterrupt" in errors
    trade = Trade.objects.select_related("book", "parameter_set").first()
    assert (trade.book.mode, trade.parameter_set.version) == ("paper", 1)
    assert EvaluationCount.objects.exists()
    assert Bot.objects.get().reported["version"] == "example 1"


def test_the_example_bot_takes_over_the_position_of_its_own_market_alone(
    account, connect, tmp_path
):
    client, since = connect(account), datetime.now(UTC) - timedelta(hours=1)
    own = {"market": "EXAMPLE-USD", "side": "short", "entry_price": 120.0, "size": 0.3}
    other = {"market": "AAA-USD", "side": "long", "entry_price": 7.0, "size": 9}
    for one in (other, own):
        client.put_position(strategy="rsi_bb", entry_time=since, **one)
    assert client.flush()
    (tmp_path / "bot.py").write_text(EXAMPLE)
    bot = subprocess.Popen(
        [sys.executable, "bot.py"],
        cwd=tmp_path,
        env=environment(account),
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not Trade.objects.exists() and time.monotonic() < deadline and bot.poll() is None:
            time.sleep(0.1)
    finally:
        bot.kill()
        bot.communicate()
    taken = Trade.objects.select_related("book__market").order_by("pk")[0]
    assert taken.book.market.name == "EXAMPLE-USD"
    assert (taken.side, taken.entry_price, taken.size) == ("short", 120, Decimal("0.3"))
    assert (taken.entry_at, taken.exit_reason) == (since, "take_profit")
    assert Position.objects.get(market__name="AAA-USD").entry_price == 7


def test_the_example_bot_waits_for_a_server_that_is_away(service, tmp_path):
    (tmp_path / "bot.py").write_text(EXAMPLE)
    bot = subprocess.Popen(
        [sys.executable, "bot.py"],
        cwd=tmp_path,
        env=environment(service.account),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        said = bot.stdout.readline()
        assert said.startswith(f"waiting for the server: {service.account.url} "), said
        service.start()
        deadline = time.monotonic() + 30
        while not trades_of(service) and time.monotonic() < deadline and bot.poll() is None:
            time.sleep(0.1)
        assert trades_of(service)
    finally:
        bot.kill()
        bot.communicate()


def test_a_strategy_of_ones_own_is_declared_as_written(account, connect):
    block = re.search(r"```\n([^`]*/strategies/ [^`]*)```", PAGE)[1]
    ran = subprocess.run(
        ["bash", "-euc", block.replace("curl -sS", "curl -sS --fail-with-body")],
        env=environment(account),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert json.loads(ran.stdout)["key"] == "scalper"
    client = connect(account)
    assert client.parameters("scalper").values == {"take_profit_bps": 8.0, "lookback": 20}
    client.record_trade(**trade(1, strategy="scalper"))
    assert client.flush()
    assert Trade.objects.count() == 1


def test_the_commands_without_python_work(account):
    block = re.search(r"```\n(API=.*?)```", PAGE, re.S)[1]
    ran = subprocess.run(
        ["bash", "-euc", block.replace("curl -sS", "curl -sS --fail-with-body")],
        env=environment(account),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert Trade.objects.get().external_id == "example-1"
    assert not Position.objects.exists()
    assert StateEntry.objects.get().value == [1, 2]
