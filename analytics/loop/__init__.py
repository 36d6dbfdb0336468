"""The steps that lead from a day of trades to a decision. ``daily`` writes the reports that are due,
with their recommendations.
"""
