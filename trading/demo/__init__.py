"""An invented market and a paper bot that trades it, so that every page has something to show.

Everything here follows from a seed and the minute: the same moment gives the same prices, trades
and counts, however often and in however many pieces it is told.
"""
