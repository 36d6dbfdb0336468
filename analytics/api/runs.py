"""Backtests of the bot, and those that belong to no bot."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api import examples
from analytics.models import Run
from analytics.research import run_store
from trading import clock
from trading.api.answers import Count, Moment, Object, SideOut, time, time_or_none
from trading.api.base import Endpoint
from trading.api.operation import (
    MARKET,
    STRATEGY,
    Answer,
    Error,
    IdInPath,
    Out,
    Parameter,
    describe,
    limit,
)
from trading.api.permissions import READ, allow
from trading.bots.catalog import Declared
from trading.strategies import UnknownStrategy
from trading.validation import field_types as types

KindOut = Annotated[str, types.one_of(Run.Kind.values)]
StateOut = Annotated[str, types.one_of(Run.State.values)]


class RunOut(Out, rename={"from_": "from"}):
    id: Count
    kind: KindOut
    state: StateOut
    progress: float
    error: str
    label: str
    strategy: str
    market: str
    interval: Count
    from_: Moment | None
    to: Moment | None
    bars: Count
    costs: Object
    data_hash: str
    code_version: str
    metrics: Object | None
    created_at: Moment
    ended_at: Moment | None


class RunTradeOut(Out):
    side: SideOut
    entry_time: Moment
    exit_time: Moment
    entry_price: float
    exit_price: float
    pnl_pct: float
    exit_reason: str
    stop_loss: float
    take_profit: float
    context: Object
    features: Object


class RunWithTrades(RunOut, rename={"from_": "from"}):
    values: Object
    options: Object
    summary: Object
    funnel: Object | None
    trades_in_all: Count
    trades: list[RunTradeOut]


class RunsOut(Out):
    runs: list[RunOut]
    next: Count | None


class Runs(Endpoint):
    """Backtests, newest first, without their trades."""

    scopes = allow(GET=READ)

    @describe(
        "Backtests",
        {200: Answer("A page of backtests.", RunsOut, {"runs": [examples.RUN], "next": None})},
        parameters=(
            STRATEGY,
            MARKET,
            Parameter("kind", KindOut, "Only this kind."),
            Parameter("state", StateOut, "Only this state."),
            Parameter(
                "cursor",
                Annotated[int, types.between(1, types.INT64)],
                "The `next` of the page before.",
            ),
            limit(100, 500, "backtests"),
        ),
    )
    def get(self, request: Request) -> Response:
        """List backtests, newest first

        Backtests of the bot, and those of no bot: the request, the candles and the code they
        used, and the same metrics as of live trades.
        """
        query = self.query()
        runs = _visible(self)
        for name, words in (("kind", Run.Kind.values), ("state", Run.State.values)):
            value = query.one_of(name, words)
            runs = runs.filter(**{name: value}) if value is not None else runs
        if strategy := query.text("strategy", 81):
            key, label = _split(self, strategy)
            runs = runs.filter(strategy=key, **({"instance__label": label} if label else {}))
        if (market := query.market()) is not None:
            runs = runs.filter(market=market)
        before = query.whole("cursor", 0, 1, types.INT64)
        limit = query.whole("limit", 100, 1, 500)
        page = list((runs.filter(pk__lt=before) if before else runs)[: limit + 1])
        cursor = page[limit - 1].pk if len(page) > limit else None
        return Response(RunsOut([RunOut(**_fields(run)) for run in page[:limit]], cursor))


class OneRun(Endpoint):
    """A backtest with its parameters, funnel and trades."""

    scopes = allow(GET=READ)

    @describe(
        "Backtests",
        {200: Answer("The backtest.", RunWithTrades, examples.RUN_WITH_TRADES)},
        parameters=(
            Parameter("run", IdInPath, "Its id.", True, place="path"),
            limit(1_000, 10_000, "trades"),
            Parameter("skip", Annotated[int, types.between(0, 10**9)], "Trades to skip."),
        ),
        errors={404: ("There is no such backtest.", Error)},
    )
    def get(self, request: Request, run: str) -> Response:
        """Read a backtest

        Its parameters, funnel, and trades in order of their exits; they are in no list of the
        bot's own trades. In summary, `fidelity` has the figures and grade of a comparison with
        live trades, `shadow` the effect of a change against the old values, `counted` the funnel
        as the bot counted it, `opened` the values that would let it trade.
        """
        query = self.query()
        limit = query.whole("limit", 1_000, 1, 10_000)
        skip = query.whole("skip", 0, 0, 10**9)
        found = _visible(self).filter(pk=int(run)).first()
        if found is None:
            raise NotFound("There is no such backtest.")
        trades = run_store.trades(found)
        return Response(
            RunWithTrades(
                **_fields(found),
                values=found.values,
                options=found.options,
                summary=found.summary,
                funnel=found.funnel,
                trades_in_all=len(trades),
                trades=[_trade(trade) for trade in trades[skip : skip + limit]],
            )
        )


def _visible(view: Endpoint) -> QuerySet[Run]:
    return Run.objects.filter(Q(bot=view.bot) | Q(bot=None)).select_related("instance")


def _split(view: Endpoint, name: str) -> tuple[str, str]:
    """Key and label of a strategy that the bot may name."""
    try:
        return Declared(view.bot).find(name)[:2]
    except UnknownStrategy as unknown:
        raise ValidationError({"strategy": [str(unknown)]}) from unknown


def _fields(run: Run) -> dict[str, Any]:
    copied = (
        *("kind", "state", "progress", "error", "label", "strategy", "market", "interval"),
        *("bars", "costs", "data_hash", "code_version", "metrics"),
    )
    return {
        "id": run.pk,
        **{name: getattr(run, name) for name in copied},
        "from_": time_or_none(run.from_at),
        "to": time_or_none(run.to_at),
        "created_at": time(run.created_at),
        "ended_at": time_or_none(run.ended_at),
    }


def _trade(stored: dict[str, Any]) -> RunTradeOut:
    values = dict(stored)
    entry_at, exit_at = (clock.from_epoch(values.pop(name)) for name in ("entry_at", "exit_at"))
    return RunTradeOut(entry_time=time(entry_at), exit_time=time(exit_at), **values)
