"""Backtests: list, page, comparison, what-if, sensitivity, replay fidelity."""
