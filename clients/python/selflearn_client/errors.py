"""What can go wrong, as the bot sees it."""

from __future__ import annotations


class BadValue(ValueError):
    """A value that the server would refuse, found at the call; ``errors`` is keyed by field."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{name} {' '.join(text)}" for name, text in errors.items()))


class ClientError(Exception):
    """A question that got no answer. Recording never raises this."""


class Unavailable(ClientError):
    """The server could not be reached or is busy; ``retry_after`` in seconds where it said so."""

    def __init__(
        self, reason: str, retry_after: float | None = None, timed_out: bool = False
    ) -> None:
        self.retry_after, self.timed_out = retry_after, timed_out
        super().__init__(reason)


class Denied(ClientError):
    """The server answers, but not to this token or at this address: somebody must look."""


class NotFound(ClientError):
    """There is nothing of that name."""


class DirectoryInUse(RuntimeError):
    """Another client works in the directory. Each bot needs one of its own."""
