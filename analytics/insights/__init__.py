"""Analyses of a strategy's trades: setups (``breakdown``), market regimes, exits, MFE and MAE."""
