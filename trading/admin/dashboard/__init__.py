"""The dashboard: results per strategy, PnL curves, recent trades, what needs attention."""
