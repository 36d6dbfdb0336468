"""The daily step from trades to decisions: `daily.write` writes the reports that are due."""
