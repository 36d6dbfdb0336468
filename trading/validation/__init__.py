"""Checks of whatever comes from outside: single fields, limits of texts, times and JSON, and the
errors that say why something is not stored.
"""
