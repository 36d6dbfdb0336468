"""Scheduled jobs: state, runs, run now."""
