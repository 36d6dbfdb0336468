"""What the demo's bot reads off its candles: rolling arrays, newest value at each candle.

The first values of each array, where the window is not full, are NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def rolled(values: np.ndarray, period: int) -> np.ndarray:
    """Windows of ``period`` values ending at each place, shape (n - period + 1, period)."""
    return sliding_window_view(values, period)


def padded(values: np.ndarray, length: int) -> np.ndarray:
    return np.concatenate([np.full(length - values.size, np.nan), values])


def mean(values: np.ndarray, period: int) -> np.ndarray:
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return padded((sums[period:] - sums[:-period]) / period, values.size)


def ema(close: np.ndarray, period: int) -> np.ndarray:
    alpha = 2 / (period + 1)
    weights = alpha * (1 - alpha) ** np.arange(period)
    weights[-1] = (1 - alpha) ** (period - 1)
    return padded(np.convolve(close, weights, "valid"), close.size)


def bands(close: np.ndarray, period: int, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Position between the bands, and their width over the middle."""
    windows = rolled(close, period)
    middle, spread = windows.mean(axis=1), windows.std(axis=1) * factor
    with np.errstate(divide="ignore", invalid="ignore"):
        position = (close[period - 1 :] - middle + spread) / (2 * spread)
    position = np.where(spread > 0, position, 0.5)
    return padded(position, close.size), padded(2 * spread / middle, close.size)


def rsi(close: np.ndarray, period: int) -> np.ndarray:
    change = np.diff(close)
    gain, loss = (mean(np.maximum(sign * change, 0), period) for sign in (1, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = 100 - 100 / (1 + gain / loss)
    value = np.where(loss == 0, np.where(gain > 0, 100.0, 50.0), value)
    return padded(value, close.size)


def volatility(close: np.ndarray) -> np.ndarray:
    """Mean absolute return between the last 20 closes, in bps."""
    return padded(mean(np.abs(np.diff(close) / close[:-1]), 19) * 1e4, close.size)


def price_trend(close: np.ndarray) -> str:
    """Of the last 20 closes: the sign of their slope against one standard error."""
    y = close[-20:] - close[-20:].mean()
    x = np.arange(y.size) - (y.size - 1) / 2
    slope = (x @ y) / (x @ x)
    error = np.sqrt(((y - slope * x) ** 2).sum() / (y.size - 2) / (x @ x))
    if abs(slope) <= error:
        return "sideways"
    return "up" if slope > 0 else "down"


def volatility_trend(close: np.ndarray) -> str:
    """The last 10 candles' mean absolute return against that of the 10 before."""
    moves = np.abs(np.diff(close[-21:]) / close[-21:-1])
    before, now = moves[:10].mean(), moves[10:].mean()
    if now > before * 1.1:
        return "increasing"
    return "decreasing" if now < before * 0.9 else "stable"
