"""The client that a bot holds: recording goes to disk at once, to the server when it can."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from . import records
from .checks import Json, Number, Time, encode
from .counting import Counter
from .errors import ClientError
from .outbox import New, Outbox
from .parameters import Cache, Parameters
from .recovery import Kept, Recovered, kept_from, recovered_from
from .sender import Sender
from .transport import Http, Server, Transport

TICK = 0.25  # seconds in which records gather before a batch leaves
SETTLE = 1.0  # seconds between two waits for the disk
CHUNK = 1_000  # candles or bricks of one queued row
_now = partial(datetime.now, UTC)


class Client:
    """One bot's way to selflearn.

    ``directory`` holds the queue; it belongs to this bot alone and must outlive it. ``timeout``
    bounds each request. With ``background=False`` nothing is sent but by ``flush``. Parameters are
    asked for again after ``refresh`` seconds, evaluations summed for ``stretch``. ``durable`` makes
    every record wait for the disk: the death of the process loses nothing, this covers power too.

    Recording raises BadValue (a ValueError) for what the server would refuse for its shape, and
    nothing else, whatever the server does.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        directory: str | Path,
        timeout: float = 10.0,
        background: bool = True,
        refresh: float = 15.0,
        stretch: float = 300.0,
        durable: bool = False,
        transport: Transport | None = None,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.url = url
        folder = Path(directory)
        self._server = Server(transport or Http(url), token, timeout, url)
        self._asking = Server(transport or Http(url), token, timeout, url)
        self._outbox = Outbox(folder, durable)
        self._now = now
        self._reported: dict[tuple[str, str], str] = {}  # as_of of the last report of a position
        self._counter = Counter(self._outbox, stretch, now)
        self._stretch = stretch
        self._cache = Cache(self._outbox, self._asking, refresh, background)
        self._sender = Sender(self._outbox, self._server, folder)
        self._stopped, self._news = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        if background:
            self._thread = threading.Thread(target=self._run, name="selflearn", daemon=True)
            self._thread.start()

    def __repr__(self) -> str:
        return f"<Client of {self.url}, {self.pending} waiting>"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def pending(self) -> int:
        """How many queued rows the server does not have yet."""
        return self._outbox.count()

    @property
    def last_error(self) -> str:
        """Why the last attempt to send failed; empty where it did not."""
        return self._sender.last_error

    @property
    def rejected_file(self) -> Path:
        """Where records that the server refused are kept, one JSON object a line."""
        return self._sender.rejected_file

    # What the bot did

    def record_trade(
        self,
        *,
        id: str,
        strategy: str,
        market: str,
        side: str,
        entry_price: Number,
        exit_price: Number,
        size: Number,
        entry_time: Time,
        exit_time: Time,
        exit_reason: str,
        pnl_pct: float | None = None,
        pnl: Number | None = None,
        fee: Number | None = None,
        stop_loss: Number | None = None,
        parameter_set: int | None = None,
        arm: str | None = None,
        mode: str | None = None,
        tag: str | None = None,
        currency: str | None = None,
        leverage: float | None = None,
        context: Mapping[str, Any] | None = None,
        revision: int | None = None,
    ) -> None:
        """Record a closed trade, once per ``id``; a correction has a higher ``revision``."""
        self.record_trades(({name: value for name, value in locals().items() if name != "self"},))

    def record_trades(self, trades: Iterable[Mapping[str, Any]]) -> None:
        """Record many at once, each with the fields of ``record_trade``; all or none."""
        rows = [records.trade(fields) for fields in trades]
        self._put(*(New("trade", row["id"], encode(row)) for row in rows))

    def put_position(
        self,
        *,
        strategy: str,
        market: str,
        side: str,
        entry_price: Number,
        size: Number,
        entry_time: Time,
        as_of: Time | None = None,
        stop_loss: Number | None = None,
        take_profit: Number | None = None,
        order_id: str | None = None,
        initial_size: Number | None = None,
        scaled_entries: Sequence[Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Report an open position as it stands; of several that wait, the newest is sent."""
        row = records.position(
            strategy=strategy,
            market=market,
            side=side,
            entry_price=entry_price,
            size=size,
            entry_time=entry_time,
            as_of=self._now() if as_of is None else as_of,
            stop_loss=stop_loss,
            take_profit=take_profit,
            order_id=order_id,
            initial_size=initial_size,
            scaled_entries=scaled_entries,
            extra=extra,
        )
        self._reported[strategy, market] = row["as_of"]
        self._put(New("position", f"{strategy}|{market}", encode(row), replaces=True))

    def close_position(self, strategy: str, market: str, as_of: Time | None = None) -> None:
        """Report that there is no position any more. Reports up to ``as_of`` (unless said: up to
        the last one of this client) that are still under way do not bring it back."""
        row = records.closed(strategy, market, as_of or self._reported.get((strategy, market)))
        self._put(New("position", f"{strategy}|{market}", encode(row), replaces=True))

    def push_candles(
        self,
        market: str,
        interval: int,
        candles: Iterable[Sequence[Any]],
        *,
        as_of: Time | None = None,
    ) -> None:
        """Rows of open time, open, high, low, close and volume; ``interval`` in seconds."""
        self._series("candles", records.series(market, interval, as_of), records.candles(candles))

    def push_bricks(self, strategy: str, market: str, bricks: Iterable[Mapping[str, Any]]) -> None:
        """Renko bricks, each with sequence, open_time, close_time, open, close, direction, high,
        low and size."""
        self._series("bricks", records.place(strategy, market), records.bricks(bricks))

    def put_state(self, key: str, value: Any, *, as_of: Time | None = None) -> None:
        """Keep a JSON value at the server; of several that wait, the newest is sent."""
        name, row = records.state(key, value, self._now() if as_of is None else as_of)
        self._put(New("state", name, encode(row), replaces=True))

    def count(self, strategy: str, market: str, blocked: str | None = None) -> None:
        """Count one evaluation: the filter that blocked it, or None for a signal."""
        self._counter.count(strategy, market, blocked)

    def record_evaluations(
        self,
        *,
        strategy: str,
        market: str,
        start: Time,
        end: Time,
        evaluations: int,
        signals: int,
        blocked: Mapping[str, int],
    ) -> None:
        """Counts that the bot summed itself; the same ``start`` again replaces them."""
        given = {name: value for name, value in locals().items() if name != "self"}
        self._put(New("evaluation", f"{strategy}|{market}", encode(records.evaluations(**given))))

    def heartbeat(
        self,
        *,
        version: str | int | None = None,
        started_at: Time | None = None,
        status: str | Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Say that the bot is alive; only the newest is sent."""
        row = records.heartbeat(version, started_at, status, extra)
        self._put(New("heartbeat", "", encode(row), replaces=True))

    # What the bot needs back

    def parameters(self, strategy: str, default: Mapping[str, Any] | None = None) -> Parameters:
        """The live parameters, or those last known. Raises Unavailable (or NotFound, Denied) only
        where none were ever known and no ``default`` is given."""
        return self._cache.get(strategy, default)

    def get_state(self, key: str) -> Kept:
        """What was last put under a key, sent or not. Raises NotFound, Unavailable, Denied."""
        waiting = self._outbox.waiting("state", key)
        if waiting:
            return kept_from(json.loads(waiting))
        return kept_from(self.ask(f"/state/{quote(key, safe='')}/"))

    def recover(self, *, candles: int = 200, bricks: int = 200) -> Recovered:
        """Everything a redeployed bot needs. What waits is sent first, within ``timeout``.

        Raises Unavailable, Denied."""
        self.flush(self._server.timeout)
        unsent = self.pending
        answer = self.ask(f"/state/?candles={candles:d}&bricks={bricks:d}")
        for served in answer["parameters"]:
            self._cache.store(served, "")
        return recovered_from(answer, unsent)

    def ask(self, path: str, body: Json | None = None) -> Any:
        """The JSON of any address below /api/v1, such as ``/performance/?by=strategy``; a POST
        where there is a ``body``. Raises ClientError."""
        method, sent = ("GET", None) if body is None else ("POST", encode(body))
        answer = self._asking.ask(method, path, sent)
        if answer.status >= 400:
            raise ClientError(f"{path.partition('?')[0]} was answered: {answer.json()}")
        return answer.json()

    # Sending

    def flush(self, timeout: float = 10.0) -> bool:
        """Send what waits, open stretches of evaluations too; True when nothing waits."""
        self._counter.end()
        try:
            return self._sender.empty(time.monotonic() + timeout, self._stopped)
        finally:
            self._outbox.settle()

    def close(self, timeout: float = 5.0) -> None:
        """Flush and stop; what could not be sent waits for the next start."""
        if self._stopped.is_set():
            return
        self.flush(timeout)
        self._stopped.set()
        self._news.set()
        if self._thread:  # a request that is on its way ends by itself
            self._thread.join(self._server.timeout + 1)
        self._server.transport.close()
        self._asking.transport.close()
        self._outbox.close()

    def _put(self, *rows: New) -> None:
        if self._stopped.is_set():
            raise RuntimeError("the client was closed")
        self._outbox.put(*rows)
        self._news.set()

    def _series(self, kind: str, head: Json, rows: Sequence[Any]) -> None:
        chunks = [rows[at : at + CHUNK] for at in range(0, len(rows), CHUNK)]
        key = json.dumps(head)
        self._put(*(New(kind, key, encode(chunk), rows=len(chunk)) for chunk in chunks))

    def _run(self) -> None:
        settled = time.monotonic()
        while not self._stopped.is_set():
            news = self._news.wait(SETTLE)
            self._news.clear()
            if news:
                self._stopped.wait(TICK)
            try:
                self._counter.end(self._stretch)
                self._cache.renew()
                self._sender.once()
            except Exception:  # a full disk, say; what is queued stays queued
                logging.getLogger(__package__).exception("sending failed")
            if time.monotonic() - settled >= SETTLE:
                self._outbox.settle()
                settled = time.monotonic()
