"""Experiments: plan form, list, results page, comparison."""
