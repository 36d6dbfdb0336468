"""The first page: results per strategy, curves, newest trades, what needs attention."""
