"""What the trades of a strategy have in common: setups, regimes, sessions, exits, excursions."""
