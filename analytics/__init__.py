"""What the trades mean, and what to change: alerts, reports, backtests, recommendations."""
