"""Shared parts of the commands: tables of runs and of fidelity."""
