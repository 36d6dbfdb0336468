"""Bots and what they may name: tokens, the catalog of strategies, the simulated clock of a test.

The API, the importers and the parameter service call it.
"""
