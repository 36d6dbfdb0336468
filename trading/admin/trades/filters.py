"""The filters of the trade list, translated into index ranges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from trading import clock
from trading.admin.keyset import offer
from trading.db.keyset import Condition, Listing, distinct
from trading.models import Book, Mode, ParameterSet, Trade
from trading.strategies import REGISTRY

TABLE = Trade._meta.db_table
UNKNOWN = "unknown"
SETS_OFFERED = 100
KEY = ("exit_at", "id")
FLAGGED = Condition("flagged")


class TradeFilters(forms.Form):
    """The filters of the trade list; the choices come from the stored books."""

    q = forms.CharField(label="Trade ID", required=False, max_length=64, strip=True)
    bot = forms.ChoiceField(label="Bot", required=False)
    strategy = forms.ChoiceField(label="Strategy", required=False)
    market = forms.ChoiceField(label="Market", required=False)
    mode = forms.ChoiceField(label="Mode", required=False, choices=[("", "All"), *Mode.choices])
    currency = forms.ChoiceField(label="Currency", required=False)
    reason = forms.ChoiceField(label="Exit reason", required=False)
    set = forms.ChoiceField(label="Version", required=False)
    flagged = forms.ChoiceField(
        label="Flagged", required=False, choices=[("", "All"), ("yes", "Flagged only")]
    )
    since = forms.DateField(label="From (UTC)", required=False)
    until = forms.DateField(label="To (UTC)", required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.books = list(Book.objects.select_related("instance__bot", "market"))
        self.fields["q"].widget.attrs |= {"placeholder": "Exact ID", "type": "search"}
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date"})
        self._offer("bot", (book.instance.bot.name for book in self.books))
        self._offer("strategy", (book.instance.name for book in self.books))
        self._offer("market", (book.market.name for book in self.books))
        self._offer("currency", (book.currency for book in self.books))
        self._offer("reason", _reasons(self.books))
        offer(self, "set", self._versions())

    def _offer(self, name: str, values: Iterable[str]) -> None:
        offer(self, name, [("", "All"), *((value, value) for value in sorted({*values}))])

    def _versions(self) -> list[tuple[str, str]]:
        """Versions of the selected strategy, newest first, including the selected version."""
        offered = [("", "All"), (UNKNOWN, "Unknown")]
        chosen, strategy = self.data.get("set") or "", self.data.get("strategy")
        sets = ParameterSet.objects.select_related("instance__bot")
        instances = {
            book.instance_id
            for book in self.books
            if strategy == book.instance.name
            and self.data.get("bot") in (None, "", book.instance.bot.name)
        }
        versions = list(sets.filter(instance__in=instances).order_by("-id")[:SETS_OFFERED])
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
            versions += sets.filter(pk=int(chosen)).exclude(
                pk__in=[version.pk for version in versions]
            )
        return offered + [(str(version.pk), str(version)) for version in versions]

    def clean(self) -> dict[str, Any]:
        super().clean()
        chosen = self.cleaned_data
        since, until = chosen.get("since"), chosen.get("until")
        if since and until and since > until:
            self.add_error("until", "Must not be before “From”.")
        chosen["books"] = _matching(self.books, chosen)
        return chosen


def settled(form: TradeFilters) -> list[str]:
    """Labels of filters that leave only one value, so that their column is not needed."""
    bots = {book.instance.bot_id for book in form.books}
    return [
        str(form.fields[name].label)
        for name in ("bot", "strategy", "market", "mode", "reason")
        if form.data.get(name) or (name == "bot" and len(bots) == 1)
    ]


def listing(chosen: dict[str, Any]) -> Listing | None:
    """The ranges of the narrowest index for these filters; None where nothing can match.

    Books, exit reasons, flagged trades and parameter sets have an index; the other filters are
    tested on the rows.
    """
    books = sorted(book.pk for book in chosen["books"])
    if not books:
        return None
    everything = not any(chosen[name] for name in ("bot", "strategy", "market", "mode", "currency"))
    window = _window(chosen)
    in_books = () if everything else (Condition(f"book_id IN ({_marks(books)})", tuple(books)),)
    reason, version = _reason(chosen), _version(chosen)
    if chosen["flagged"]:
        return _listing([(FLAGGED, *window)], (*in_books, *reason, *version))
    if version:
        return _listing([(*version, *window)], (*in_books, *reason))
    if everything and not reason:
        return _listing([window])
    return _listing([(Condition("book_id = %s", (book,)), *reason, *window) for book in books])


def matches(trade: Trade, chosen: dict[str, Any]) -> bool:
    """Whether a trade found by its ID matches the other filters."""
    since, until = bounds(chosen)
    wanted_set = chosen["set"]
    return (
        trade.book_id in {book.pk for book in chosen["books"]}
        and (not chosen["reason"] or trade.exit_reason == chosen["reason"])
        and (not chosen["flagged"] or trade.flagged)
        and (not wanted_set or str(trade.parameter_set_id or UNKNOWN) == wanted_set)
        and (since is None or trade.exit_at >= since)
        and (until is None or trade.exit_at < until)
    )


def bounds(chosen: dict[str, Any]) -> tuple[datetime | None, datetime | None]:
    """Start, and exclusive end, of the date range; both days are included."""
    since, until = chosen["since"], chosen["until"]
    return (
        since and datetime.combine(since, time(), UTC),
        until and datetime.combine(until, time(), UTC) + timedelta(days=1),
    )


def _listing(branches: list[tuple[Condition, ...]], rest: tuple[Condition, ...] = ()) -> Listing:
    return Listing(TABLE, KEY, tuple(branches), rest)


def _window(chosen: dict[str, Any]) -> tuple[Condition, ...]:
    signs = ("exit_at >= %s", "exit_at < %s")
    return tuple(
        Condition(sign, (clock.to_micros(moment),))
        for sign, moment in zip(signs, bounds(chosen), strict=True)
        if moment
    )


def _reason(chosen: dict[str, Any]) -> tuple[Condition, ...]:
    return (Condition("exit_reason = %s", (chosen["reason"],)),) if chosen["reason"] else ()


def _version(chosen: dict[str, Any]) -> tuple[Condition, ...]:
    if not chosen["set"]:
        return ()
    if chosen["set"] == UNKNOWN:
        return (Condition("parameter_set_id IS NULL"),)
    return (Condition("parameter_set_id = %s", (int(chosen["set"]),)),)


def _marks(values: list[int]) -> str:
    return ", ".join(["%s"] * len(values))


def _matching(books: list[Book], chosen: dict[str, Any]) -> list[Book]:
    def wanted(name: str, value: str) -> bool:
        return chosen.get(name) in (None, "", value)

    return [
        book
        for book in books
        if wanted("bot", book.instance.bot.name)
        and wanted("strategy", book.instance.name)
        and wanted("market", book.market.name)
        and wanted("mode", book.mode)
        and wanted("currency", book.currency)
    ]


def _reasons(books: list[Book]) -> set[str]:
    """Declared exit reasons and those that occur."""
    declared = {
        reason
        for key in {book.instance.strategy for book in books}
        if key in REGISTRY
        for reason in REGISTRY[key].exit_reasons
    }
    return declared | {str(reason) for _, reason in distinct(TABLE, ("book_id", "exit_reason"))}
