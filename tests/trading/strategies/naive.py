"""The reference rules once more, as plainly as they can be written: lists, everything computed anew
at every bar, nothing shared with the product. Slow, and easy to hold against the rules' text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass
class Candle:
    start: float
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    mark: str = "flat"


@dataclass
class Position:
    side: str
    price: float
    at: float
    stop: float
    target: float
    best: float = 0.0


@dataclass
class Closed:
    side: str
    entered: float
    left: float
    entry: float
    exit: float
    reason: str
    pnl_pct: float


def average(numbers):
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers)


def ema(closes, period):
    window = closes[-period:]
    e = window[0]
    for close in window[1:]:
        e = close * (2 / (period + 1)) + e * (1 - 2 / (period + 1))
    return e


def returns(closes):
    return [abs(b / a - 1) for a, b in pairwise(closes)]


def volatility(closes):
    return average(returns(closes[-20:])) * 10_000


def rsi(closes, period, smoothing):
    if smoothing == "wilder":
        return wilder(closes[-200:], period)
    changes = [b - a for a, b in pairwise(closes)][-period:]
    return relative(
        average([max(change, 0.0) for change in changes]),
        average([max(-change, 0.0) for change in changes]),
    )


def wilder(closes, period):
    changes = [b - a for a, b in pairwise(closes)]
    gain = average([max(change, 0.0) for change in changes[:period]])
    loss = average([max(-change, 0.0) for change in changes[:period]])
    for change in changes[period:]:
        gain = (gain * (period - 1) + max(change, 0.0)) / period
        loss = (loss * (period - 1) + max(-change, 0.0)) / period
    return relative(gain, loss)


def relative(gain, loss):
    if loss == 0:
        return 100.0 if gain > 0 else 50.0
    return 100 - 100 / (1 + gain / loss)


class Replay:
    """``bars`` are (time, open, high, low, close, volume or None)."""

    def __init__(self, values, bars, interval, *, intrabar, fee=0.0, half=0.0, next_open=False):
        self.v, self.bars, self.b = values, bars, interval
        self.c = max(values["candle_interval_seconds"], interval)
        self.intrabar, self.fee, self.half, self.next_open = intrabar, fee, half, next_open
        self.candles: list[Candle] = []
        self.position: Position | None = None
        self.waiting = None
        self.trades: list[Closed] = []
        self.blocked: dict[str, int] = {}
        self.evaluations = 0

    def run(self):
        last = None
        for bar in self.bars:
            if last is not None and bar[0] - (last + self.b) > 3 * self.c:
                self.candles = []
            last = bar[0]
            self.form(bar)
            self.on(bar)
        if self.position:
            self.close(self.bars[-1][4], self.bars[-1][0] + self.b, "end_of_data")
        return self.trades

    def form(self, bar):
        time, open_, high, low, close, volume = bar
        start = time // self.c * self.c
        if self.candles and self.candles[-1].start == start:
            now = self.candles[-1]
            now.high, now.low, now.close = max(now.high, high), min(now.low, low), close
            now.volume = None if None in (volume, now.volume) else now.volume + volume
            return
        mark = "flat"
        if self.candles and close != self.candles[-1].close:
            mark = "up" if close > self.candles[-1].close else "down"
        self.candles.append(Candle(start, open_, high, low, close, volume, mark))

    def on(self, bar):
        time, open_, high, low, close, _ = bar
        end, exits = time + self.b, len(self.trades)
        if self.waiting:
            kind, what = self.waiting
            self.waiting = None
            if kind == "enter":
                self.enter(what, open_, time)
            else:
                self.close(open_, time, what)
        if self.position:
            self.manage(open_, high, low, close, end)
        elif len(self.trades) == exits and self.ready(end):
            self.evaluate(close, end)

    # Positions

    def enter(self, side, price, at):
        v, sign = self.v, 1 if side == "long" else -1
        entry = price * (1 + sign * self.half / 10_000)
        stop, target = v["stop_loss_bps"], v["take_profit_bps"]
        if self.vol > v["vol_high_threshold"]:
            stop, target = stop * 1.2, target * 1.1
        elif self.vol < v["vol_low_threshold"]:
            stop, target = stop * 0.9, target * 0.9
        stop, target = entry * (1 - sign * stop / 10_000), entry * (1 + sign * target / 10_000)
        self.position = Position(side, entry, at, stop, target)

    def manage(self, open_, high, low, close, end):
        p, v = self.position, self.v
        long = p.side == "long"
        if self.intrabar:
            if (low <= p.stop) if long else (high >= p.stop):
                return self.close((min if long else max)(open_, p.stop), end, "stop_loss")
            if (high >= p.target) if long else (low <= p.target):
                return self.close((max if long else min)(open_, p.target), end, "take_profit")
        gain = (close - p.price) / p.price if long else (p.price - close) / p.price
        p.best = max(p.best, gain)
        if v["enable_trailing_stop"] and p.best * 10_000 >= v["trailing_stop_activation_bps"]:
            room = v["trailing_stop_distance_bps"] / 10_000
            p.stop = max(p.stop, close * (1 - room)) if long else min(p.stop, close * (1 + room))
        reason = self.reason(p, close, end)
        if reason and self.next_open:
            self.waiting = ("exit", reason)
        elif reason:
            self.close(close, end, reason)
        return None

    def reason(self, p, close, end):
        v, long = self.v, p.side == "long"
        if not self.intrabar:
            if (close <= p.stop) if long else (close >= p.stop):
                return "stop_loss"
            if (close >= p.target) if long else (close <= p.target):
                return "take_profit"
        if end - p.at > v["max_hold_minutes"] * 60 * min(1, self.c / 60):
            return "time_stop"
        closes = [candle.close for candle in self.candles]
        if len(closes) > v["rsi_period"]:
            found = rsi(closes, v["rsi_period"], v["smoothing"])
            turned = found < v["rsi_bearish_threshold"]
            if turned if long else found > v["rsi_bullish_threshold"]:
                return "trend_reversal"
        return None

    def close(self, price, at, reason):
        p = self.position
        sign = 1 if p.side == "long" else -1
        out = price * (1 - sign * self.half / 10_000)
        fees = self.fee / 100 * (1 + out / p.price)
        pnl = sign * (out - p.price) / p.price * 100 - fees
        self.trades.append(Closed(p.side, p.at, at, p.price, out, reason, pnl))
        self.position = None

    # Entries

    def streak(self):
        count = 0
        for trade in reversed(self.trades):
            if trade.pnl_pct >= 0:
                break
            count += 1
        return count

    def ready(self, end):
        v = self.v
        needed = max(20, v["ema_slow_period"], v["bb_period"], v["rsi_period"] + 1,
                     v["atr_period"] + 1, v["volume_ma_period"] + 1)  # fmt: skip
        if len(self.candles) < needed:
            return False
        if not self.trades:
            return True
        since = end - self.trades[-1].left
        if self.streak() >= v["max_losing_streak"] and since < v["pause_seconds"] - 1e-6:
            return False
        return since >= self.cooldown() - 1e-6

    def cooldown(self):
        v = self.v
        wait = v["exit_cooldown_seconds"]
        if not v["adaptive_cooldown"]:
            return wait
        now = volatility([candle.close for candle in self.candles])
        if now > v["vol_high_threshold"]:
            wait *= 1.5
        elif now < v["vol_low_threshold"]:
            wait *= 0.8
        if sum(trade.reason == "stop_loss" for trade in self.trades[-5:]) >= 2:
            wait *= 1.3
        if self.streak() >= 2:
            wait *= 1.2
        return min(wait, 60)

    def evaluate(self, close, end):
        self.evaluations += 1
        self.vol = volatility([candle.close for candle in self.candles])
        side, blocked = self.signal(close)
        if blocked:
            self.blocked[blocked] = self.blocked.get(blocked, 0) + 1
        elif self.next_open:
            self.waiting = ("enter", side)
        else:
            self.enter(side, close, end)

    def signal(self, close):
        v = self.v
        closes = [candle.close for candle in self.candles]
        if not v["vol_min_bps"] <= self.vol <= v["vol_max_bps"]:
            return None, "volatility"
        if self.streak() >= 2 and self.vol < v["vol_optimal_min"]:
            return None, "losing_streak"
        volumes = [candle.volume for candle in self.candles[:-1]][-v["volume_ma_period"]:]
        if None not in volumes and volumes[-1] < v["volume_multiplier"] * average(volumes):
            return None, "volume"
        found = rsi(closes, v["rsi_period"], v["smoothing"])
        if found > v["rsi_bullish_threshold"] + v["rsi_momentum_strength"]:
            side = "long"
        elif found < v["rsi_bearish_threshold"] - v["rsi_momentum_strength"]:
            side = "short"
        else:
            return None, "rsi"
        window = closes[-v["bb_period"]:]
        middle = average(window)
        reach = v["bb_std"] * math.sqrt(average([(x - middle) * (x - middle) for x in window]))
        lower, upper = middle - reach, middle + reach
        place = 0.5 if upper == lower else (close - lower) / (upper - lower)
        if not (v["bb_low_zone_min"] <= place <= v["bb_low_zone_max"]
                or v["bb_high_zone_min"] <= place <= v["bb_high_zone_max"]):  # fmt: skip
            return None, "bb_zone"
        fast, slow = ema(closes, v["ema_fast_period"]), ema(closes, v["ema_slow_period"])
        if not (fast > slow if side == "long" else fast < slow):
            return None, "trend"
        if abs(fast - slow) / slow * 10_000 < v["trend_confirmation_bps"]:
            return None, "trend_strength"
        wanted = "up" if side == "long" else "down"
        if sum(candle.mark == wanted for candle in self.candles[-3:]) < 2:
            return None, "momentum"
        return side, None
