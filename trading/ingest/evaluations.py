"""Signal funnel counts reported by bots: evaluations, signals, and what each filter blocked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction

from trading.bots.catalog import Declared
from trading.clock import to_micros
from trading.db import bulk, locks
from trading.db.counts import Counts
from trading.models import Bot, EvaluationCount, Market
from trading.parameters import instance_for
from trading.validation import fields, limits
from trading.validation.fields import Errors

_COLUMNS = ("instance_id", "market_id", "from_at", "to_at", "evaluations", "signals", "blocked")
_FILTERS = 100


def read(report: Any, known: Declared) -> tuple[Any, ...] | Errors:
    """A row (strategy, market, from, to, evaluations, signals, blocked), or its errors."""
    errors: Errors = {}
    key, label, _ = fields.strategy(report.strategy, known, errors)
    fields.pattern("market", report.market, limits.MARKET, errors)
    start = fields.moment("from", report.from_, errors)
    end = fields.moment("to", report.to, errors)
    if start is not None and end is not None and end <= start:
        errors["to"] = ["must be after from"]
    fields.past("to", end, errors)
    fields.integer("evaluations", report.evaluations, errors)
    fields.integer("signals", report.signals, errors)
    _blocked(report, errors)
    if errors:
        return errors
    name = f"{key}@{label}" if label else key
    return (name, report.market, start, end, report.evaluations, report.signals, report.blocked)


def _blocked(report: Any, errors: Errors) -> None:
    if len(report.blocked) > _FILTERS:
        errors["blocked"] = [f"names more than {_FILTERS} filters"]
    for name, count in report.blocked.items():
        fields.text("blocked", name, 64, errors, required=True)
        fields.integer("blocked", count, errors)
    if not errors and report.signals + sum(report.blocked.values()) > report.evaluations:
        errors["evaluations"] = ["is less than signals and blocked together"]


def store(bot: Bot, rows: list[tuple[Any, ...]]) -> Counts:
    """Store validated counts. A count with the same start replaces the stored one."""
    counts = Counts()
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        instances = {name: instance_for(bot, name).pk for name in {row[0] for row in rows}}
        markets = {
            name: Market.objects.get_or_create(name=name)[0].pk for name in {row[1] for row in rows}
        }
        newest = {}
        for row in rows:
            newest[instances[row[0]], markets[row[1]], row[2]] = row[3:]
        counts.unchanged = len(rows) - len(newest)
        stored = _stored(newest)
        changed = {key: row for key, row in newest.items() if stored.get(key) != row}
        counts.updated = sum(key in stored for key in changed)
        counts.stored = len(changed) - counts.updated
        counts.unchanged += len(newest) - len(changed)
        bulk.upsert(
            EvaluationCount,
            _COLUMNS,
            [(*key, *row[:3], bulk.json(row[3])) for key, row in changed.items()],
            conflict=_COLUMNS[:3],
            update=_COLUMNS[3:],
        )
    return counts


def _stored(keys: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = EvaluationCount.objects.filter(
        instance__in={key[0] for key in keys}, from_at__in={key[2] for key in keys}
    ).values_list(*_COLUMNS)
    return {(row[0], row[1], to_micros(row[2])): (to_micros(row[3]), *row[4:]) for row in rows}
