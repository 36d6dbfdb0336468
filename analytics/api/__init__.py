"""The API of alerts, reports, recommendations and backtests, beside ``trading.api``."""
