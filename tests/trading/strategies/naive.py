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
                self.forget()
            last = bar[0]
            self.form(bar)
            self.on(bar)
        if self.position:
            self.close(self.bars[-1][4], self.bars[-1][0] + self.b, "end_of_data")
        return self.trades

    def forget(self):
        self.candles = []

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
        sign = 1 if side == "long" else -1
        entry = price * (1 + sign * self.half / 10_000)
        self.position = Position(side, entry, at, *self.levels(sign, entry))

    def levels(self, sign, entry):
        v = self.v
        stop, target = v["stop_loss_bps"], v["take_profit_bps"]
        if self.vol > v["vol_high_threshold"]:
            stop, target = stop * 1.2, target * 1.1
        elif self.vol < v["vol_low_threshold"]:
            stop, target = stop * 0.9, target * 0.9
        return entry * (1 - sign * stop / 10_000), entry * (1 + sign * target / 10_000)

    def manage(self, open_, high, low, close, end):
        p = self.position
        long = p.side == "long"
        if self.intrabar:
            if (low <= p.stop) if long else (high >= p.stop):
                return self.close((min if long else max)(open_, p.stop), end, "stop_loss")
            if (high >= p.target) if long else (low <= p.target):
                return self.close((max if long else min)(open_, p.target), end, "take_profit")
        gain = (close - p.price) / p.price if long else (p.price - close) / p.price
        p.best = max(p.best, gain)
        moved = self.trailed(p, close, long)
        if moved is not None:
            p.stop = max(p.stop, moved) if long else min(p.stop, moved)
        reason = self.reason(p, close, end)
        if reason and self.next_open:
            self.waiting = ("exit", reason)
        elif reason:
            self.close(close, end, reason)
        return None

    def trailed(self, p, close, long):
        v = self.v
        if not v["enable_trailing_stop"] or p.best * 10_000 < v["trailing_stop_activation_bps"]:
            return None
        room = v["trailing_stop_distance_bps"] / 10_000
        return close * (1 - room) if long else close * (1 + room)

    def reason(self, p, close, end):
        long = p.side == "long"
        if not self.intrabar:
            if (close <= p.stop) if long else (close >= p.stop):
                return "stop_loss"
            if (close >= p.target) if long else (close <= p.target):
                return "take_profit"
        return self.own_reason(p, close, end, long)

    def own_reason(self, p, close, end, long):
        v = self.v
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
        if len(self.candles) < max(20, self.needed()) or not self.enough():
            return False
        if not self.trades:
            return True
        since = end - self.trades[-1].left
        if self.streak() >= v["max_losing_streak"] and since < v["pause_seconds"] - 1e-6:
            return False
        return since >= self.cooldown() - 1e-6

    def needed(self):
        v = self.v
        return max(
            v["ema_slow_period"],
            v["bb_period"],
            v["rsi_period"] + 1,
            v["atr_period"] + 1,
            v["volume_ma_period"] + 1,
        )

    def enough(self):
        return True

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
        volumes = [candle.volume for candle in self.candles[:-1]][-v["volume_ma_period"] :]
        if None not in volumes and volumes[-1] < v["volume_multiplier"] * average(volumes):
            return None, "volume"
        found = rsi(closes, v["rsi_period"], v["smoothing"])
        if found > v["rsi_bullish_threshold"] + v["rsi_momentum_strength"]:
            side = "long"
        elif found < v["rsi_bearish_threshold"] - v["rsi_momentum_strength"]:
            side = "short"
        else:
            return None, "rsi"
        window = closes[-v["bb_period"] :]
        middle = average(window)
        reach = v["bb_std"] * math.sqrt(average([(x - middle) * (x - middle) for x in window]))
        lower, upper = middle - reach, middle + reach
        place = 0.5 if upper == lower else (close - lower) / (upper - lower)
        if not (
            v["bb_low_zone_min"] <= place <= v["bb_low_zone_max"]
            or v["bb_high_zone_min"] <= place <= v["bb_high_zone_max"]
        ):
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


def true_ranges(candles):
    return [
        max(b.high - b.low, abs(b.high - a.close), abs(b.low - a.close))
        for a, b in pairwise(candles)
    ]


class Breakout(Replay):
    closed = newest = None

    def form(self, bar):
        """The candle that closed last is known by itself: a gap does not undo it."""
        newest = self.newest
        super().form(bar)
        if self.candles[-1] is not newest:
            self.closed, self.newest = newest, self.candles[-1]

    def needed(self):
        v = self.v
        return max(
            v["breakout_lookback"] + 1,
            v["ema_slow_period"],
            v["rsi_period"] + 1,
            v["macd_slow"] + v["macd_signal"] - 1,
            v["atr_period"] + 5,
            v["bb_period"],
        )

    def atr(self, candles):
        period = self.v["atr_period"]
        if self.v["smoothing"] == "simple":
            return average(true_ranges(candles)[-period:])
        ranges = true_ranges(candles)
        found = average(ranges[:period])
        for one in ranges[period:]:
            found = (found * (period - 1) + one) / period
        return found

    def atrs(self):
        """At the last five candles, of the 200 that are seen."""
        seen = self.candles[-200:]
        return [self.atr(seen[: len(seen) - back]) for back in (4, 3, 2, 1, 0)]

    def macd(self, closes):
        return ema(closes, self.v["macd_fast"]) - ema(closes, self.v["macd_slow"])

    def signal(self, close):
        v, closed = self.v, self.candles[:-1][-self.v["breakout_lookback"] :]
        closes = [candle.close for candle in self.candles]
        if not v["vol_min_bps"] <= self.vol <= v["vol_max_bps"]:
            return None, "volatility"
        high, low = max(c.high for c in closed), min(c.low for c in closed)
        if not close > high and not close < low:
            return None, "level"
        side, level = ("long", high) if close > high else ("short", low)
        long = side == "long"
        found = rsi(closes, v["rsi_period"], v["smoothing"])
        if not (found > v["rsi_bullish_threshold"] if long else found < v["rsi_bearish_threshold"]):
            return None, "rsi"
        lines = [self.macd(closes[: len(closes) - back]) for back in range(v["macd_signal"])]
        line, signal = lines[0], ema(lines[::-1], v["macd_signal"])
        if not (line > signal if long else line < signal):
            return None, "macd"
        ranges = self.atrs()
        if ranges[-1] < v["min_atr_expansion"] * average(ranges):
            return None, "atr_expansion"
        fast, slow = ema(closes, v["ema_fast_period"]), ema(closes, v["ema_slow_period"])
        if not (fast > slow if long else fast < slow):
            return None, "ema_alignment"
        if not (close > fast if long else close < fast):
            return None, "price_ema"
        self.level, self.range = level, ranges[-1]
        return side, None

    def levels(self, sign, entry):
        v = self.v
        return (
            self.level - sign * v["stop_loss_atr_multiplier"] * self.range,
            entry + sign * v["take_profit_atr_multiplier"] * self.range,
        )

    def trailed(self, p, close, long):
        v = self.v
        if p.best * p.price < v["trailing_stop_activation_atr"] * self.range:
            return None
        room = v["trailing_stop_distance_atr"] * self.range
        return close - room if long else close + room

    def own_reason(self, p, close, end, long):
        v = self.v
        before = self.closed
        if (
            before
            and before.start + self.c > p.at
            and (before.close < self.level if long else before.close > self.level)
        ):
            return "breakout_failure"
        if end - p.at > v["max_hold_minutes"] * 60:
            return "time_stop"
        gain = close - p.price if long else p.price - close
        if end - p.at > v["no_movement_minutes"] * 60 and gain <= 0:
            return "no_movement"
        return None


class RenkoAO(Replay):
    def __init__(self, *given, **named):
        super().__init__(*given, **named)
        self.bricks, self.reference, self.used, self.number = [], None, set(), 0

    def forget(self):
        self.candles, self.bricks, self.reference = [], [], None

    def needed(self):
        return self.v["renko_atr_period"] + 2

    def enough(self):
        return len(self.bricks) >= max(self.v["ao_slow_period"], self.v["bb_period"])

    def size(self):
        v = self.v
        if v["renko_fixed_size"] > 0:
            return v["renko_fixed_size"]
        closes = [candle.close for candle in self.candles[:-1]]
        changes = [abs(b - a) for a, b in pairwise(closes)][-v["renko_atr_period"] :]
        if len(changes) < v["renko_atr_period"]:
            return 0
        return v["renko_atr_multiplier"] * average(changes)

    def form(self, bar):
        super().form(bar)
        price, size, turn = bar[4], self.size(), self.v["renko_reversal_bricks"]
        if not size:
            return
        if self.reference is None:
            self.reference = price
        while True:
            facing = self.bricks[-1][1] if self.bricks else 0
            last = self.bricks[-1][0] if self.bricks else self.reference
            if price >= last + (turn if facing < 0 else 1) * size:
                opens = last + size if facing < 0 and turn > 1 else last
                self.draw(opens + size, 1, size)
            elif price <= last - (turn if facing > 0 else 1) * size:
                opens = last - size if facing > 0 and turn > 1 else last
                self.draw(opens - size, -1, size)
            else:
                return

    def draw(self, close, direction, size):
        self.number += 1
        self.bricks.append((close, direction, size, self.number))

    def ao(self, at):
        """At a brick, or None."""
        v, closes = self.v, [brick[0] for brick in self.bricks[: at + 1]]
        if len(closes) < v["ao_slow_period"]:
            return None
        return average(closes[-v["ao_fast_period"] :]) - average(closes[-v["ao_slow_period"] :])

    def divergence(self):
        """(side, strength, number of the newer swing's brick), or None."""
        found = []
        for side, facing in (("long", -1), ("short", 1)):
            first = max(0, len(self.bricks) - self.v["renko_lookback"])
            swings = [
                at
                for at in range(first, len(self.bricks) - 1)
                if self.bricks[at][1] == facing
                and self.bricks[at + 1][1] == -facing
                and self.ao(at) is not None
            ]
            if len(swings) < 2:
                continue
            old, new = swings[-2:]
            was, now = self.bricks[old][0], self.bricks[new][0]
            further = now < was if side == "long" else now > was
            other = self.ao(new) > self.ao(old) if side == "long" else self.ao(new) < self.ao(old)
            if further and other:
                found.append((new, side, min(1, 100 * abs(now - was) / was)))
        if not found:
            return None
        new, side, strength = max(found)
        return side, strength, self.bricks[new][3]

    def signal(self, close):
        v, found = self.v, self.divergence()
        if not found:
            return None, "divergence"
        side, strength, swing = found
        if strength < v["min_divergence_strength"]:
            return None, "divergence_strength"
        if abs(self.ao(len(self.bricks) - 1)) / close * 10_000 < v["min_ao_strength_bps"]:
            return None, "ao_strength"
        if not v["brick_min_bps"] <= self.bricks[-1][2] / close * 10_000 <= v["brick_max_bps"]:
            return None, "brick_size"
        if self.number - swing < v["min_bricks_since_divergence"]:
            return None, "confirmation"
        if swing in self.used:
            return None, "used"
        self.used = {swing}
        self.armed = not self.turned(side == "long")
        return side, None

    def turned(self, long):
        now, before = self.ao(len(self.bricks) - 1), self.ao(len(self.bricks) - 2)
        if now is None or before is None:
            return False
        return (now < before and now < 0) if long else (now > before and now > 0)

    def levels(self, sign, entry):
        v = self.v
        return (
            entry * (1 - sign * (v["stop_loss_bps"] / 10_000)),
            entry * (1 + sign * (v["take_profit_bps"] / 10_000)),
        )

    def own_reason(self, p, close, end, long):
        if end - p.at > self.v["max_hold_minutes"] * 60:
            return "time_stop"
        if not self.turned(long):
            self.armed = True
        elif self.armed:
            return "ao_reversal"
        return None


BY_KEY = {"rsi_bb": Replay, "breakout": Breakout, "renko_ao": RenkoAO}
