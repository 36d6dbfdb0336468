"""Bots, their tokens and stored state; the freeze switch."""
