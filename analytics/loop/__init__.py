"""From a day of trades to a decision: ``daily`` writes the reports that are due, each with its
recommendations.
"""
