"""Judgements, and the work that makes them."""

from .jobs import Effect, JobLine, JobRun, WorkerBeat

__all__ = ["Effect", "JobLine", "JobRun", "WorkerBeat"]
