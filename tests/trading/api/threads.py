"""Work done by several threads at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connection


class Threads:
    """Threads that do the same work; ``finish`` waits for them and raises what one of them did."""

    def __init__(self, count: int, work: Callable[[int], None]) -> None:
        self._work = work
        self._errors: list[BaseException] = []
        self._all = [
            threading.Thread(target=self._guarded, args=(number,), daemon=True)
            for number in range(count)
        ]
        for thread in self._all:
            thread.start()

    def running(self) -> bool:
        return not self._errors and any(thread.is_alive() for thread in self._all)

    def finish(self) -> None:
        for thread in self._all:
            thread.join()
        if self._errors:
            raise self._errors[0]

    def _guarded(self, number: int) -> None:
        try:
            self._work(number)
        except BaseException as error:
            self._errors.append(error)
        finally:
            connection.close()
