"""Other processes that read and fold trades, for a rebuild of millions of them.

One process reads a million rows a second, whatever is done with them; two read two. They only
read: what they answer is written by the process that holds the bot's lock, under which no trade
changes.
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def several(worth: bool) -> Iterator[Executor | None]:
    """Readers, which start meanwhile, where that is ``worth`` it and there is a second core; else
    None."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if not worth or (cores or 1) < 2:
        yield None
        return
    # Started afresh: a fork would share this process's connection and its threads' locks.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(cores or 1, 4), context, _connect, (dict(connection.settings_dict),)
    ) as readers:
        readers.submit(int)
        yield readers


def _connect(database: dict[str, Any]) -> None:
    # Reading needs no models, and setting the apps up takes as long as reading half a million
    # rows; Django warns whoever asks the database before that.
    warnings.filterwarnings("ignore", "Accessing the database during app initialization")
    # The same database as the one that asks, also where that is a test's.
    connection.close()
    connection.settings_dict.update(database)
