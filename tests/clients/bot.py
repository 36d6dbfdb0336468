"""A bot that records trades as fast as asked and says which ones it was told are safe."""

import sys
import time
from datetime import UTC, datetime, timedelta

sys.path.insert(0, sys.argv[1])

from selflearn_client import Client

url, token, folder, first, pause = sys.argv[2:7]
T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)

client = Client(url, token, directory=folder, timeout=5)
number = int(first)
while True:
    entry = T0 + timedelta(seconds=number)
    client.record_trade(
        id=f"k-{number}",
        strategy="rsi_bb",
        market="BTC/USDT",
        side="long",
        entry_price=100,
        exit_price=101,
        size=1,
        entry_time=entry,
        exit_time=entry,
        exit_reason="take_profit",
        context={"signal_strength": 0.5},
    )
    client.count("rsi_bb", "BTC/USDT", blocked=None)
    # Only now is the trade acknowledged: one write, so that a kill leaves no half a line.
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()
    number += 1
    time.sleep(float(pause))
