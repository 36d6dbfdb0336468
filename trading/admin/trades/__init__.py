"""Closed trades: list, filters, page, CSV; trade revisions and open positions."""
