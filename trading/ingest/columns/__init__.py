"""Reads many trades at once, a column at a time; the same answers as ``trade_schema.read``."""
