"""The best and the worst that trades reached: as their bot recorded it, else from candles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.frames_context import ContextTrades


@dataclass(frozen=True, slots=True)
class Excursions:
    """MFE and MAE in percent of the entry price, and seconds to the MFE, shape (n,); NaN where
    unknown. How many trades have them from where."""

    mfe: np.ndarray
    mae: np.ndarray
    to_mfe: np.ndarray
    recorded: int
    from_candles: int


def of(instance: int, trades: ContextTrades) -> Excursions:
    mfe, mae = trades.number("mfe_pct"), trades.number("mae_pct")
    known = ~(np.isnan(mfe) | np.isnan(mae))
    return Excursions(mfe, mae, trades.number("time_to_mfe_seconds"), int(known.sum()), 0)
