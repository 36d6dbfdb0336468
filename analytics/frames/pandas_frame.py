"""Trades as a pandas DataFrame, for exports and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.frames.context import ContextTrades

if TYPE_CHECKING:
    import pandas


def to_frame(trades: ContextTrades) -> pandas.DataFrame:
    """One row a trade, in order of the exit.

    Times are UTC timestamps, prices and ``pnl`` floats (NaN where unknown), ``pnl_pct`` percent of
    the entry notional net of fees, ``side`` 1 or -1. The context and the declared features follow
    under their names.
    """
    # Half a second to import: only who asks for a frame pays it.
    import pandas

    rows = trades.rows.trades
    return pandas.DataFrame(
        {
            "entry_time": pandas.to_datetime(trades.entry_at, unit="us", utc=True),
            "exit_time": pandas.to_datetime(rows.exit_at, unit="us", utc=True),
            "market": trades.market,
            "side": trades.side,
            "entry_price": trades.entry,
            "exit_price": trades.exit,
            "stop_loss": trades.stop,
            "exit_reason": trades.reason,
            "pnl_pct": rows.r,
            "pnl": rows.pnl,
            "fee": rows.fee,
            **trades.recorded,
        }
    )
