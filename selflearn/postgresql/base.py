"""Django's PostgreSQL, whose check of a kept connection costs no round trip."""

from __future__ import annotations

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Between two requests a server has nothing to say but that it closes the connection:
        one that is silent is taken for alive, any other is asked, as Django asks them all."""
        if self.errors_occurred or not self._silent():
            return super().is_usable()
        return True

    def _silent(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0)
