"""Whatever a bot pushes comes in here: idempotent, in one transaction, with the rollups true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import compress
from operator import not_

from django.db import IntegrityError, transaction

from trading.bots.catalog import Declared
from trading.db import bulk, commit_cache, locks
from trading.ingest import fast_path, write
from trading.ingest.columns.reader import read_all
from trading.ingest.trade_schema import Errors, TradeIn
from trading.ingest.valid_batch import Sound
from trading.models import Bot, Trade
from trading.rollups import update
from trading.rollups.update import Place
from trading.validation import limits


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
    sound, errors = read_all(trades, limits.latest(), Declared(bot))
    outcome = Outcome()
    for index, found in errors.items():
        outcome.refuse(index, trades[index].external_id, found)
    if sound:
        try:
            if len(sound) == 1 and fast_path.store(bot, sound):
                outcome.stored = 1
            else:
                _store(bot, sound, outcome)
        except IntegrityError:
            # A row that was remembered is gone (memory.py): look everything up again, once.
            commit_cache.forget()
            _store(bot, sound, outcome)
    outcome.rejected.sort(key=lambda refusal: refusal["index"])
    return outcome


def _store(bot: Bot, sound: Sound, outcome: Outcome) -> None:
    with transaction.atomic():
        counts = _write(bot, sound)
    # Counted only once it is committed.
    outcome.stored, outcome.updated, outcome.unchanged = counts[:3]
    for at in counts[3]:
        outcome.refuse(sound.index[at], sound["external_id"][at], _CONFLICT)


def _write(bot: Bot, sound: Sound) -> tuple[int, int, int, list[int]]:
    """Returns how many were stored, updated, unchanged, and where in ``sound`` conflicts are."""
    with bulk.together():
        # Under the lock: each statement sees what was committed before it began.
        locked = locks.ask_bot_lock(bot.pk)
        asked = _ask_stored(bot, set(sound["external_id"]))
        reserved = bulk.ask_ids(Trade, len(sound))
        lines_asked = write.ask_lines(bot, sound)
        locked()
        stored = {row[0]: _Stored(*row[1:4], write.place(*row[4:])) for row in asked()}
        ids, lines = reserved(), lines_asked()
    newest, unchanged, conflicts = _newest(sound, stored)
    known = [sound["external_id"][at] in stored for at in newest]
    corrected = sound.take(list(compress(newest, known)))
    stale = _correct(bot, corrected, stored, lines) if corrected else []
    # Ids ascend with the exit, so that neighbours in time are neighbours on disk.
    new = sound.take(sorted(compress(newest, map(not_, known)), key=sound["exit_at"].__getitem__))
    if new or stale:
        places = write.places(bot, new, lines)
        with bulk.together() if len(new) <= bulk.FEW and not stale else nullcontext():
            update.add(write.insert(bot, ids[: len(new)], new, places), stale)
    return len(new), len(corrected), unchanged, conflicts


def _correct(
    bot: Bot, corrected: Sound, stored: dict[str, _Stored], lines: write.Lines
) -> list[Place]:
    """Write corrections; returns where the trades counted, and where they count now."""
    before = [stored[external_id] for external_id in corrected["external_id"]]
    ids = [trade.id for trade in before]
    write.keep_old(ids)
    places = write.places(bot, corrected, lines)
    write.replace(bot, ids, corrected, places)
    now = map(write.place, *places, corrected["exit_at"])
    return [*(trade.place for trade in before), *now]


def _ask_stored(bot: Bot, external_ids: set[str]) -> Callable[[], list[tuple]]:
    condition, values = bulk.among("external_id", external_ids)
    return bulk.ask(
        "SELECT external_id, id, revision, digest, book_id, parameter_set_id, exit_at"
        f" FROM trading_trade WHERE bot_id = %s AND {condition}",
        [bot.pk, *values],
    )


def _newest(sound: Sound, stored: dict[str, _Stored]) -> tuple[list[int], int, list[int]]:
    """Where those are that say something new, how many say nothing new, where those are that
    contradict.

    Within a batch the order decides nothing but which of two contradicting rows of one revision
    is refused: the later.
    """
    newest: dict[str, int] = {}
    unchanged, conflicts = 0, []
    said = zip(sound["external_id"], sound["revision"], sound["digest"], strict=True)
    for at, (external_id, revision, digest) in enumerate(said):
        again = newest.get(external_id)
        before = stored.get(external_id)
        if again is not None:
            known = sound["revision"][again], sound["digest"][again]
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
