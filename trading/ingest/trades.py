"""The one way in for trades: validated, attributed, written and summed in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from operator import not_
from typing import Any

from django.db import transaction

from trading.bots.catalog import Declared
from trading.db import locks
from trading.ingest import write
from trading.ingest.columns.reader import read_all
from trading.ingest.trade_schema import TradeIn
from trading.ingest.valid_trades import ValidTrades
from trading.models import Bot, Trade
from trading.rollups import update
from trading.rollups.update import Place
from trading.validation import limits
from trading.validation.fields import Errors


@dataclass(slots=True)
class Outcome:
    """The result of a batch: ``stored + updated + unchanged + len(rejected)`` is its length."""

    stored: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, index: int, external_id: str, errors: Errors) -> None:
        self.rejected.append({"index": index, "id": external_id, "errors": errors})


@dataclass(slots=True)
class _Stored:
    """A trade as it was stored before the batch."""

    id: int
    revision: int
    digest: int
    place: Place


_CONFLICT = {"revision": ["is stored already with other content; send a higher revision"]}


def store_trades(bot: Bot, trades: Sequence[TradeIn]) -> Outcome:
    """Store closed trades in one transaction. Valid trades are stored even if others are rejected.

    The same id with the same content is unchanged; a higher revision is a correction, whose old
    content is kept; a lower one is stale and counts as unchanged; the same revision with other
    content is rejected.
    """
    valid, errors = read_all(trades, limits.latest(), Declared(bot))
    outcome = Outcome()
    for index, refused in errors.items():
        outcome.refuse(index, trades[index].external_id, refused)
    if valid:
        with transaction.atomic():
            stored, updated, unchanged, conflicts = _write(bot, valid)
        outcome.stored, outcome.updated, outcome.unchanged = stored, updated, unchanged
        for at in conflicts:
            outcome.refuse(valid.index[at], valid["external_id"][at], _CONFLICT)
    outcome.rejected.sort(key=lambda refusal: refusal["index"])
    return outcome


def _write(bot: Bot, valid: ValidTrades) -> tuple[int, int, int, list[int]]:
    """How many were stored, updated, unchanged, and where in ``valid`` the conflicts are."""
    locks.lock_bot(bot.pk)
    stored = _stored(bot, set(valid["external_id"]))
    newest, unchanged, conflicts = _newest(valid, stored)
    known = [valid["external_id"][at] in stored for at in newest]
    corrected = valid.take(list(compress(newest, known)))
    # Ids ascend with the exit, so that neighbours in time are neighbours on disk.
    new = valid.take(sorted(compress(newest, map(not_, known)), key=valid["exit_at"].__getitem__))
    stale = _correct(bot, corrected, stored) if corrected else []
    if new or stale:
        update.add(write.insert(bot, new, write.places(bot, new)), stale)
    return len(new), len(corrected), unchanged, conflicts


def _correct(bot: Bot, corrected: ValidTrades, stored: dict[str, _Stored]) -> list[Place]:
    """Write corrections; where the trades counted before, and where they count now."""
    before = [stored[external_id] for external_id in corrected["external_id"]]
    ids = [trade.id for trade in before]
    write.keep_old(ids)
    places = write.places(bot, corrected)
    write.replace(bot, ids, corrected, places)
    now = map(write.place, *places, corrected["exit_at"])
    return [*(trade.place for trade in before), *now]


def _stored(bot: Bot, external_ids: set[str]) -> dict[str, _Stored]:
    rows = Trade.objects.filter(bot=bot, external_id__in=external_ids).values_list(
        "external_id", "id", "revision", "digest", "book_id", "parameter_set_id", "exit_at"
    )
    return {row[0]: _Stored(*row[1:4], write.place(*row[4:])) for row in rows.order_by()}


def _newest(valid: ValidTrades, stored: dict[str, _Stored]) -> tuple[list[int], int, list[int]]:
    """Positions of new content, the number of unchanged rows, and positions of conflicts.

    Within a batch the order decides only which of two conflicting rows of one revision is rejected:
    the later.
    """
    newest: dict[str, int] = {}
    unchanged, conflicts = 0, []
    rows = zip(valid["external_id"], valid["revision"], valid["digest"], strict=True)
    for at, (external_id, revision, digest) in enumerate(rows):
        again = newest.get(external_id)
        before = stored.get(external_id)
        if again is not None:
            known = valid["revision"][again], valid["digest"][again]
        elif before is not None:
            known = before.revision, before.digest
        else:
            newest[external_id] = at
            continue
        if revision > known[0]:
            unchanged += again is not None
            newest[external_id] = at
        elif revision == known[0] and digest != known[1]:
            conflicts.append(at)
        else:
            unchanged += 1
    return list(newest.values()), unchanged, conflicts
