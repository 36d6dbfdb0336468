"""Whatever a bot pushes comes in here: idempotent, in one transaction, with the rollups true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, connection, transaction

from trading import bulk, columns, guard, memory, rollups, rows
from trading.declared import Declared
from trading.models import Bot, Trade, TradeContext
from trading.records import Errors, TradeIn, TradeRow, read
from trading.rollups import Place


@dataclass(slots=True)
class Outcome:
    """What became of a batch: ``stored + updated + unchanged + len(rejected)`` is its length."""

    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[dict] = field(default_factory=list)

    def refuse(self, index: int, external_id: str, errors: Errors) -> None:
        self.rejected.append({"index": index, "id": external_id, "errors": errors})


@dataclass(slots=True)
class _Stored:
    """What is known of a trade before the batch."""

    id: int
    revision: int
    digest: int
    place: Place


_CONFLICT = {"revision": ["is stored already with other content; send a higher revision"]}


def store_trades(bot: Bot, trades: Sequence[TradeIn]) -> Outcome:
    """Store closed trades. Good rows are kept whatever the others are.

    The same id with the same content is unchanged; a higher revision is a correction, whose old
    content is kept; a lower one is stale and counted unchanged; the same revision with other
    content is rejected.
    """
    outcome = Outcome()
    known, latest = Declared(bot), guard.latest()
    sound: dict[int, TradeRow] = {}
    for index, trade in enumerate(trades):
        found = read(trade, latest, known)
        if isinstance(found, TradeRow):
            sound[index] = found
        else:
            outcome.refuse(index, trade.external_id, found)
    if sound:
        try:
            _store(bot, sound, outcome)
        except IntegrityError:
            # A row that was remembered is gone (memory.py): look everything up again, once.
            memory.forget()
            _store(bot, sound, outcome)
    outcome.rejected.sort(key=lambda refusal: refusal["index"])
    return outcome


def _store(bot: Bot, sound: dict[int, TradeRow], outcome: Outcome) -> None:
    with transaction.atomic():
        rollups.lock(bot.pk)
        counts = _write(bot, sound)
    # Counted only once it is committed.
    outcome.stored, outcome.updated, outcome.unchanged = counts[:3]
    for index in counts[3]:
        outcome.refuse(index, sound[index].external_id, _CONFLICT)


def _write(bot: Bot, sound: dict[int, TradeRow]) -> tuple[int, int, int, list[int]]:
    """Returns how many were stored, updated, unchanged, and the indices of conflicts."""
    stored = _stored(bot, {row.external_id for row in sound.values()})
    newest, unchanged, conflicts = _newest(sound, stored)
    new = [row for row in newest if row.external_id not in stored]
    corrected = [row for row in newest if row.external_id in stored]
    # Ids ascend with the exit, so that neighbours in time are neighbours on disk.
    new.sort(key=lambda row: row.exit_at)
    ids = bulk.reserve_ids(Trade, len(new))
    if corrected:
        rows.keep_old([stored[row.external_id].id for row in corrected])
    written = list(zip(ids, new, strict=True))
    written += [(stored[row.external_id].id, row) for row in corrected]
    places = rows.trades(bot, written)
    # A correction says everything anew: without a context, the trade has none any more.
    bare = [stored[row.external_id].id for row in corrected if not row.context]
    if bare:
        TradeContext.objects.filter(trade__in=bare).delete()
    stale = [stored[row.external_id].place for row in corrected] + places[len(new) :]
    if written:
        rollups.add(rows.columns_of(new, places[: len(new)]), stale)
    return len(new), len(corrected), unchanged, conflicts


def _stored(bot: Bot, external_ids: set[str]) -> dict[str, _Stored]:
    sql = (
        "SELECT external_id, id, revision, digest, book_id, parameter_set_id, exit_at"
        f" FROM trading_trade WHERE bot_id = %s AND external_id IN"
        f" ({columns.placeholders(list(external_ids))})"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [bot.pk, *external_ids])
        found = cursor.fetchall()
    return {row[0]: _Stored(*row[1:4], rows.place(*row[4:])) for row in found}


def _newest(
    sound: dict[int, TradeRow], stored: dict[str, _Stored]
) -> tuple[list[TradeRow], int, list[int]]:
    """Rows that say something new, how many say nothing new, and the indices of contradictions.

    Within a batch the order decides nothing but which of two contradicting rows of one revision
    is refused: the later.
    """
    newest: dict[str, TradeRow] = {}
    unchanged, conflicts = 0, []
    for index, row in sound.items():
        before = newest.get(row.external_id) or stored.get(row.external_id)
        if before is None or row.revision > before.revision:
            unchanged += isinstance(before, TradeRow)
            newest[row.external_id] = row
        elif row.revision == before.revision and row.digest != before.digest:
            conflicts.append(index)
        else:
            unchanged += 1
    return list(newest.values()), unchanged, conflicts
