"""Screens: a strategy's first filters once more, for many bars at once; a sweep skips what they
block.

A strategy works without one. Its ``enter`` is the rule; a screen only says where a filter surely
blocks or surely passes, and leaves what lies within rounding to ``enter``. One file per strategy;
``filters`` holds what they share.
"""
