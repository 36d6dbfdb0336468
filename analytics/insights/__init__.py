"""What a strategy's trades have in common: setups, volatility regimes, sessions, exits, excursions."""
