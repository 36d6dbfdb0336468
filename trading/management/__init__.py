"""Shared parts of the commands: arguments, tables, a progress bar."""
