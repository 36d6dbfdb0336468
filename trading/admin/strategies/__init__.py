"""Strategies: live parameters, editor, history, versions, comparison, files, rollback."""
