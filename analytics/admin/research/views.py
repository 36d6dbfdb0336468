"""Views beside the page of a backtest: chart data, comparison, and starting backtests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from analytics import frames
from analytics.models import Run
from analytics.quant import bricks as brick_rules
from analytics.quant import sensitivity as neighbourhood
from analytics.research import backtest, bars, charts, run_store
from analytics.research import counterfactual as counterfactuals
from analytics.research import fidelity as comparison
from analytics.research import what_if as what_ifs
from trading import clock, formatting, strategies
from trading.admin.base import author_of
from trading.formatting import Cell
from trading.strategies import UnknownStrategy
from trading.strategies.base import InvalidValues

from . import rows

if TYPE_CHECKING:
    from analytics.frames.reports import StrategyInstance

    from .runs import RunAdmin

DONE = Run.State.DONE
NO_PARAMETERS = ("csrfmiddlewaretoken", "step")  # fields of the parameter form
SHAPES = {
    "plateau": "Plateau: the neighbouring values made at least half as much. A result that holds "
    "over a range of values is less likely to be luck.",
    "spike": "Spike: a neighbouring value made less than half as much. An isolated result is "
    "often luck.",
    "loss": "This value made no profit here, so there is no peak to judge.",
}


def _find(pk: int) -> Run:
    run = Run.objects.filter(pk=pk).select_related("bot", "instance", "beside").first()
    if run is None:
        raise Http404(pk)
    backtest.settle(run)
    return run


def state(admin: RunAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The progress of a backtest."""
    run = _find(pk)
    return JsonResponse(
        {
            "state": run.state,
            "progress": run.progress,
            "error": run.error,
            "over": run.state not in Run.ACTIVE,
        }
    )


def picture(admin: RunAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Candles, trades and curves for the chart.

    With ``from`` and ``to`` (milliseconds) only that part, in the finest candles there are.
    """
    run = _find(pk)
    if run.state != DONE:
        raise Http404(pk)
    data: dict[str, Any] = {
        "results": charts.results(run),
        "name": run.name,
        "candles": None,
        "held": None,
    }
    since, until = _part(request, run)
    try:
        candles = bars.load(run.bot, run.market, run.interval, since, until).candles
        shown = charts.candles(candles)
        fee = run.costs["fee_bps"]
        data |= {
            "candles": shown,
            "held": charts.held(candles),
            "marked": charts.marked(shown, run.interval, run_store.trades(run), fee),
            "bricks": _bricks(run, since, until, int(shown["each"][0])),
        }
    except bars.NoBars as missing:
        data["remark"] = str(missing)
    trades = run_store.trades(run)
    if (since, until) != (run.from_at, run.to_at) and since and until:
        low, high = since.timestamp(), until.timestamp()
        trades = [
            trade for trade in trades if trade["exit_at"] >= low and trade["entry_at"] <= high
        ]
    data["trades"] = charts.trades(trades)
    if run.kind == Run.Kind.FIDELITY:
        data["lived"] = charts.lived(comparison.lived(run, since, until))
    return JsonResponse(data)


def _bricks(
    run: Run, since: datetime | None, until: datetime | None, portion: int
) -> dict[str, Any] | None:
    """The Renko bricks of a part, built from all candles before it.

    None for a strategy without bricks, and where several parameter sets were replayed.
    """
    try:
        strategy = backtest.replayable(run.strategy)
    except (UnknownStrategy, backtest.NotReplayable):
        return None
    if not brick_rules.draws(strategy) or run.kind == Run.Kind.FIDELITY:
        return None
    columns = backtest.columns(
        bars.load(run.bot, run.market, run.interval, run.from_at, until).candles
    )
    start = columns.time[0] if since is None else since.timestamp()
    first = int(np.searchsorted(columns.time, start))
    drawn = brick_rules.drawn(strategy, run.values, columns, run.interval, first, portion)
    return charts.bricks(drawn, float(start))


def _part(request: HttpRequest, run: Run) -> tuple[datetime | None, datetime | None]:
    """The part of the run that the chart shows; the whole range where none is asked for."""
    try:
        low, high = (float(request.GET[name]) / 1_000 for name in ("from", "to"))
        first, last = max(low, run.summary["from"]), min(high, run.summary["to"])
    except (KeyError, ValueError):
        return run.from_at, run.to_at
    if not first < last:
        return run.from_at, run.to_at
    return clock.from_epoch(first), clock.from_epoch(last)


class SensitivityRow(TypedDict):
    """One tested value; ``here``: the value of the run itself."""

    value: str
    here: bool
    trades: str
    signals: str
    total: Cell
    drawdown: Cell


def sensitivity_points(run: Run) -> dict[str, Any] | None:
    """The results along one parameter, as chart data and table; None for another kind of run."""
    points = run.summary.get("points")
    if not points:
        return None
    name = run.options["parameter"]
    values, trades, totals = ([point[column] for point in points] for column in range(3))
    here = values.index(run.values[name]) if run.values[name] in values else 0
    table: list[SensitivityRow] = [
        {
            "value": formatting.setting(value),
            "here": at == here,
            "trades": f"{trade_count:,}",
            "signals": f"{signals:,}",
            "total": rows.metric("total_pnl_pct", total),
            "drawdown": rows.metric("max_drawdown_pct", drawdown),
        }
        for at, (value, trade_count, total, drawdown, signals) in enumerate(points)
    ]
    label = formatting.label(name)
    return {
        "name": name,
        "label": label,
        "shape": SHAPES[neighbourhood.shape(totals, here)],
        "data": {
            "values": values,
            "totals": totals,
            "trades": trades,
            "here": here,
            "label": label,
            "log": _is_logarithmic(run, name),
        },
        "rows": table,
    }


def _is_logarithmic(run: Run, name: str) -> bool:
    """Whether the values of a parameter are spaced by factors."""
    try:
        return bool(getattr(strategies.get(run.strategy).parameter(name), "log", False))
    except (UnknownStrategy, KeyError):
        return False


def compare(admin: RunAdmin, request: HttpRequest) -> HttpResponse:
    """Two backtests side by side; their progress while they are not done."""
    keys = [request.GET.get(name, "") for name in ("one", "two")]
    if not all(key.isascii() and key.isdigit() and len(key) < 19 for key in keys):
        raise Http404("two backtests are compared")
    first, second = (_find(int(key)) for key in keys)
    runs = (first, second)
    ready = all(run.state == DONE for run in runs)
    context: dict[str, Any] = {
        "runs": runs,
        "ready": ready,
        "active": any(run.state in Run.ACTIVE for run in runs),
    }
    if ready:
        context |= {
            "metrics": rows.side_by_side(first, second),
            "differences": _differences(first, second),
            "funnels": [(run, rows.run_funnel(run)) for run in runs],
            "missing": dict.fromkeys(text for run in runs for text in run.summary["remarks"]),
            "caveats": _caveats(first, second),
            "fidelity": rows.fidelity_note(second),
            "relaxations": rows.relaxations(second),
            "curves": [{"name": f"{run.pk}: {run.name}", **charts.results(run)} for run in runs],
        }
    return admin.render(request, "analytics/runs_compare.html", "Compare backtests", **context)


def _differences(first: Run, second: Run) -> list[tuple[str, str, str]]:
    """The parameters that differ: label and both values."""
    left, right = rows.parameters(first), rows.parameters(second)
    missing = Cell(formatting.NOTHING)
    return [
        (formatting.label(name), left.get(name, missing).text, right.get(name, missing).text)
        for name in dict.fromkeys([*left, *right])
        if first.values.get(name) != second.values.get(name)
    ]


def _caveats(first: Run, second: Run) -> list[str]:
    """Why the results of two backtests are not comparable."""
    caveats = []
    if first.data_hash != second.data_hash:
        caveats.append("They used different candles.")
    if first.code_version != second.code_version:
        caveats.append("The strategy code changed between them.")
    names = ("fee_bps", "spread_bps", "slippage_bps")
    if any(first.costs[name] != second.costs[name] for name in names):
        caveats.append("They assumed different costs.")
    return caveats


def what_if(admin: RunAdmin, request: HttpRequest, instance: int) -> HttpResponse:
    """Backtest the values of the parameter form over the last days, and the live values too."""
    if not admin.may_start(request):
        raise PermissionDenied
    strategy_instance = frames.instance(instance)
    if strategy_instance is None:
        raise Http404(instance)
    refused = partial(
        admin.render,
        request,
        "analytics/whatif_refused.html",
        "Backtest not started",
        back=reverse("admin:trading_strategyinstance_change", args=[instance]),
        typed=[(name, text) for name, text in request.POST.items() if name not in NO_PARAMETERS],
    )
    try:
        strategy = backtest.replayable(strategy_instance.strategy)
        values = what_ifs.typed(strategy, request.POST)
        live, candidate = what_ifs.ask(strategy_instance, values, author_of(request))
    except InvalidValues as invalid:
        errors = [
            (formatting.label(name), text)
            for name, texts in invalid.errors.items()
            for text in texts
        ]
        return refused(errors=errors)
    except (bars.NoBars, backtest.NotReplayable, UnknownStrategy) as error:
        return refused(reason=str(error))
    query = {"one": live.pk, "two": candidate.pk}
    return HttpResponseRedirect(reverse("admin:analytics_run_compare", query=query))


def fidelity(admin: RunAdmin, request: HttpRequest, instance: int) -> HttpResponse:
    """Compare the backtest of a strategy with its live trades."""
    return _start(admin, request, instance, comparison.prepare)


def counterfactual(
    admin: RunAdmin, request: HttpRequest, instance: int, version: int
) -> HttpResponse:
    """Backtest the values before a change on the candles after it."""
    return _start(admin, request, instance, lambda row: counterfactuals.prepare(row, version))


def _start(
    admin: RunAdmin, request: HttpRequest, instance: int, prepare: Callable[[StrategyInstance], Run]
) -> HttpResponse:
    """Queue a run and redirect to its page, or say why it is not possible."""
    if not admin.may_start(request):
        raise PermissionDenied
    strategy_instance = frames.instance(instance)
    if strategy_instance is None:
        raise Http404(instance)
    try:
        run = backtest.submit(prepare(strategy_instance), author_of(request))
    except (LookupError, ValueError) as error:
        back = reverse("admin:trading_strategyinstance_change", args=[instance])
        return admin.render(
            request,
            "analytics/whatif_refused.html",
            "Backtest not started",
            reason=str(error),
            back=back,
        )
    return HttpResponseRedirect(rows.url(run))


def sensitivity(admin: RunAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Backtest along the range of one parameter."""
    if not admin.may_start(request):
        raise PermissionDenied
    run, name = _find(pk), request.POST.get("parameter", "")
    if run.state != DONE or name not in run.values:
        raise Http404(name)
    return HttpResponseRedirect(rows.url(what_ifs.along(run, name, author_of(request))))


def repeat(admin: RunAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Run a backtest again from its own record."""
    if not admin.may_start(request):
        raise PermissionDenied
    repeated = backtest.submit(backtest.again(_find(pk)), author_of(request))
    messages.success(request, f"Backtest {pk} is being repeated.")
    return HttpResponseRedirect(rows.url(repeated))
