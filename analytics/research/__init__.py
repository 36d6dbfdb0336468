"""Backtests of stored candles: ``backtest`` runs one, ``what_if`` and ``counterfactual`` compare.

``fidelity`` grades a replay against live trades; ``no_trades`` explains a quiet strategy.
"""
