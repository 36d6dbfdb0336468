"""A progress bar for long work, on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    def __call__(self, done: int) -> None: ...


@contextmanager
def bar(title: str, total: int) -> Iterator[Advance]:
    """Yield a function that takes how much is done so far. The bar appears after 2 s."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    # Imported here: no web or worker process shows a bar.
    import time

    from rich.console import Console
    from rich.progress import Progress

    started = time.monotonic()
    progress = Progress(console=Console(stderr=True), transient=True)
    task = progress.add_task(title, total=total)
    shown = False

    def advance(done: int) -> None:
        nonlocal shown
        if not shown and time.monotonic() - started > 2:
            progress.start()
            shown = True
        progress.update(task, completed=done)

    try:
        yield advance
    finally:
        if shown:
            progress.stop()
