"""Pages of stored trades, newest first, for a selection."""

from __future__ import annotations

from trading.db.bulk import placeholders
from trading.db.keyset import Condition, Key, Listing, Page, page
from trading.models import Trade
from trading.performance.selection import Selection


def listing(selection: Selection, reason: str | None = None) -> Listing | None:
    """The index ranges of a selection's trades; None if there can be none."""
    books = [book.pk for book in selection.books()]
    sets = selection.sets()
    if not books or sets == set():
        return None
    bounds = zip(("exit_at >= %s", "exit_at < %s"), selection.bounds, strict=True)
    window = tuple(Condition(sql, (at,)) for sql, at in bounds if at is not None)
    narrow: tuple[Condition, ...] = ()
    if reason:
        narrow += (Condition("exit_reason = %s", (reason,)),)
    if selection.arm is not None:
        narrow += (Condition("arm = %s", (selection.arm,)),)
    if sets is None:
        branches = [(Condition("book_id = %s", (book,)), *narrow, *window) for book in books]
        rest: tuple[Condition, ...] = ()
    else:
        branches = [(Condition("parameter_set_id = %s", (id_,)), *window) for id_ in sorted(sets)]
        rest = (Condition(f"book_id IN ({placeholders(books)})", tuple(books)), *narrow)
    return Listing(Trade._meta.db_table, ("exit_at", "id"), tuple(branches), rest)


def newest(
    selection: Selection, *, reason: str | None = None, before: Key | None = None, limit: int = 100
) -> tuple[list[Trade], Page]:
    """The newest trades of a selection that are older than the key ``before``."""
    ranges = listing(selection, reason)
    keys = page(ranges, limit, before=before) if ranges else Page()
    trades = Trade.objects.select_related(
        "book__market", "book__instance", "parameter_set", "context"
    ).in_bulk([key[-1] for key in keys.keys])
    return [trades[key[-1]] for key in keys.keys if key[-1] in trades], keys
