"""Which parameter set belongs to which moment: the one served now, the arm of a running experiment,
and the one that made a trade.
"""
