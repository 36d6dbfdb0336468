"""Replays of the bot, and those that belong to no bot."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response

from analytics.models import Run
from analytics.research import run_store
from trading import clock
from trading.api import encoders
from trading.api.authentication import READ, allow
from trading.api.base import Endpoint
from trading.api.query_params import Query
from trading.bots.catalog import Declared
from trading.strategies import UnknownStrategy


class Described(Endpoint):
    described_in = "analytics.api.run_schema"

    def known(self) -> Any:
        return Run.objects.filter(Q(bot=self.bot) | Q(bot=None)).select_related("instance")


class Runs(Described):
    """Replays, newest first, without their trades."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(request, "strategy", "market", "kind", "state", "cursor", "limit")
        found = self.known()
        for name, words in (("kind", Run.Kind.values), ("state", Run.State.values)):
            value = query.one_of(name, words)
            found = found.filter(**{name: value}) if value is not None else found
        if query.has("strategy"):
            key, label = _named(self.bot, query.text("strategy", 81))
            found = found.filter(strategy=key, **({"instance__label": label} if label else {}))
        if (market := query.market()) is not None:
            found = found.filter(market=market)
        before = query.whole("cursor", 0, 1, 2**63 - 1)
        limit = query.whole("limit", 100, 1, 500)
        page = list((found.filter(pk__lt=before) if before else found)[: limit + 1])
        more = len(page) > limit
        return Response(
            {
                "runs": [run_out(run) for run in page[:limit]],
                "next": page[limit - 1].pk if more else None,
            }
        )


class OneRun(Described):
    """A replay with its parameters, funnel and trades."""

    scopes = allow(GET=READ)

    def get(self, request, run):
        query = Query(request, "limit", "skip")
        limit = query.whole("limit", 1_000, 1, 10_000)
        skip = query.whole("skip", 0, 0, 10**9)
        found = self.known().filter(pk=int(run)).first()
        if found is None:
            raise NotFound("There is no such replay.")
        trades = run_store.trades(found)
        return Response(
            {
                **run_out(found),
                "values": found.values,
                "options": found.options,
                "summary": found.summary,
                "funnel": found.funnel,
                "trades_in_all": len(trades),
                "trades": [_trade(one) for one in trades[skip : skip + limit]],
            }
        )


def _named(bot: Any, name: str) -> tuple[str, str]:
    """Key and label of a strategy that the bot may name."""
    try:
        return Declared(bot).find(name)[:2]
    except UnknownStrategy as unknown:
        raise ValidationError({"strategy": [str(unknown)]}) from unknown


def run_out(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "kind": run.kind,
        "state": run.state,
        "progress": run.progress,
        "error": run.error,
        "label": run.label,
        "strategy": run.strategy,
        "market": run.market,
        "interval": run.interval,
        "from": encoders.time(run.from_at),
        "to": encoders.time(run.to_at),
        "bars": run.bars,
        "costs": run.costs,
        "data_hash": run.data_hash,
        "code_version": run.code_version,
        "metrics": run.metrics,
        "created_at": encoders.time(run.created_at),
        "ended_at": encoders.time(run.ended_at),
    }


def _trade(one: dict[str, Any]) -> dict[str, Any]:
    moments = {name: encoders.time(clock.from_epoch(one[name])) for name in ("entry_at", "exit_at")}
    return {**one, **moments}
