"""Statements that PostgreSQL gets in one message and answers in one, as a transaction of their own.

psycopg's pipeline hands each statement over apart, which wakes the server for each, and BEGIN and
COMMIT are two more. What is sent up to one mark (``Sync``) PostgreSQL runs as one transaction:
it commits at the mark, or undoes all where a statement fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from psycopg import Connection, errors
from psycopg.generators import fetch_many, send
from psycopg.pq import ConnStatus, ExecStatus, Format

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from psycopg.pq.abc import PGresult

Statement = tuple[str, Sequence[object]]  # with $1, $2, ... and its values
_number = count()
_names: WeakKeyDictionary[Connection, dict[str, bytes]] = WeakKeyDictionary()  # what is prepared


def exchange(connection: Connection, statements: Sequence[Statement]) -> int:
    """Run statements on a connection in no transaction; returns how many rows the last one gave.

    Each is planned once a connection; the server infers the types of values from their places.
    Raises psycopg's errors, with nothing written, and the connection in order or closed.
    """
    known, pgconn = _names.setdefault(connection, {}), connection.pgconn
    new = {sql: b"message_%d" % next(_number) for sql, _ in statements if sql not in known}
    names = known | new
    written = [(names[sql], *_written(values)) for sql, values in statements]
    try:
        pgconn.enter_pipeline_mode()
        for sql, name in new.items():
            pgconn.send_prepare(name, sql.encode())
        for name, values, formats in written:
            pgconn.send_query_prepared(name, values, formats)
        pgconn.pipeline_sync()
        answers = connection.wait(_answers(connection))
        pgconn.exit_pipeline_mode()
    except BaseException:
        # Answers that are still to come would be taken for those of what is asked next.
        connection.close()
        raise
    for (sql, name), answer in zip(new.items(), answers, strict=False):
        # A statement stays prepared when what follows it fails.
        if answer.status == ExecStatus.COMMAND_OK:
            known[sql] = name
    for answer in answers:
        if answer.status == ExecStatus.FATAL_ERROR:
            raise errors.error_from_result(answer)
    return answers[-2].ntuples


def _answers(connection: Connection) -> PQGen[list[PGresult]]:
    """All up to the mark, at which a statement may still fail: a reference is checked there."""
    pgconn = connection.pgconn
    yield from send(pgconn)
    found: list[PGresult] = []
    while not found or found[-1].status != ExecStatus.PIPELINE_SYNC:
        found += yield from fetch_many(pgconn)
        if pgconn.status != ConnStatus.OK:
            raise errors.OperationalError("the connection was lost")
    return found


def _written(values: Sequence[Any]) -> tuple[list[bytes | None], list[Format]]:
    return (
        [value if value is None or type(value) is bytes else _text(value) for value in values],
        [Format.BINARY if type(value) is bytes else Format.TEXT for value in values],
    )


def _text(value: object) -> bytes:
    return str(value).encode()
