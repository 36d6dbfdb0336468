"""How each kind of record travels: which rows share a request, and what an answer says of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .outbox import Item
from .transport import Answer, Server

Send = Callable[[Server, Sequence[Item], float | None], list["Refusal"]]

MOST_TRADES, MOST_ROWS, MOST_BYTES = 1_000, 5_000, 4_000_000
Errors = Any


@dataclass(frozen=True)
class Refusal:
    """A record that the server did not take, and its reasons."""

    body: Any
    errors: Errors


class Split(Exception):
    """The batch is to be sent again in halves."""


@dataclass(frozen=True)
class Lane:
    """``send`` delivers a batch and returns what was refused of it; it raises what
    ``Server.ask`` raises, and Split where one row spoils the others."""

    kind: str
    send: Send
    most_rows: int = 1
    one_key: bool = False


def _rows(path: str) -> Send:
    """An array, each item one row of it."""

    def send(server: Server, items: Sequence[Item], timeout: float | None) -> list[Refusal]:
        body = b"[" + b",".join(item.body for item in items) + b"]"
        answer = server.ask("POST", path, body, timeout=timeout)
        return _refused(answer, items, [json.loads(item.body) for item in items], {})

    return send


def _series(path: str, name: str) -> Send:
    """Items of one series: their arrays become one, beside what their key says."""

    def send(server: Server, items: Sequence[Item], timeout: float | None) -> list[Refusal]:
        head = json.loads(items[0].key)
        rows = [row for item in items for row in json.loads(item.body)]
        body = json.dumps({**head, name: rows}, separators=(",", ":")).encode()
        if len(items) > 1 and len(body) > MOST_BYTES:
            raise Split
        return _refused(server.ask("POST", path, body, timeout=timeout), items, rows, head)

    return send


def _refused(
    answer: Answer, items: Sequence[Item], rows: list[Any], head: dict[str, Any]
) -> list[Refusal]:
    if answer.status < 300 and answer.status != 207:
        return []

    def whole(row: Any) -> Any:
        return {**head, "row": row} if head else row

    reply = answer.json()
    if isinstance(reply, dict) and isinstance(reply.get("rejected"), list):
        return [
            Refusal(whole(rows[refused["index"]]), refused["errors"])
            for refused in reply["rejected"]
        ]
    if len(items) > 1:
        raise Split
    return [Refusal(whole(row), reply) for row in rows]


def _one(method: str, path: Callable[[Item], str], bare: bool = False) -> Send:
    """One request an item."""

    def send(server: Server, items: Sequence[Item], timeout: float | None) -> list[Refusal]:
        (item,) = items
        answer = server.ask(method, path(item), None if bare else item.body, timeout=timeout)
        if answer.status < 300:
            return []
        return [Refusal(json.loads(item.body), answer.json())]

    return send


def _position(server: Server, items: Sequence[Item], timeout: float | None) -> list[Refusal]:
    """A report, or the news that the position is closed."""
    (item,) = items
    report = json.loads(item.body)
    if report.pop("closed", False):
        path = "/positions/?" + urlencode(report)
        return _one("DELETE", lambda _: path, bare=True)(server, items, timeout)
    return _one("PUT", lambda _: "/positions/")(server, items, timeout)


# Trades first: they are what must not wait.
LANES = (
    Lane("trade", _rows("/trades/"), MOST_TRADES),
    Lane("position", _position),
    Lane("state", _one("PUT", lambda item: f"/state/{item.key}/")),
    Lane("candles", _series("/candles/", "candles"), MOST_ROWS, one_key=True),
    Lane("bricks", _series("/bricks/", "bricks"), MOST_ROWS, one_key=True),
    Lane("evaluation", _rows("/evaluations/"), MOST_ROWS),
    Lane("heartbeat", _one("POST", lambda _: "/heartbeat/")),
)
