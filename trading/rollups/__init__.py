"""Sums of trades by day and hour: ``update.add`` keeps them true with every write.

``rebuild`` computes them anew; ``windows`` answers any window of time from them.
"""
