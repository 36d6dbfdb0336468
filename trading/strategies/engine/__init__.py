"""The simulator: walks bars with the rules of a strategy and keeps position, costs and results.
``walk.Walk`` is what a bot or a backtest uses; the other modules are its parts.
"""
