"""Experiments: form, list, result page, comparison."""
