"""What the pages of replays ask for, and what they show beside the page of one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse

from analytics import frames
from analytics.models import Run
from analytics.quant import bricks, sensitivity
from analytics.research import backtest, bars, charts, run_store, what_if
from analytics.research import counterfactual as shadows
from analytics.research import fidelity as comparison
from trading import clock, formatting, strategies
from trading.strategies import UnknownStrategy
from trading.strategies.base import InvalidValues

from . import rows

Done = Run.State.DONE
NOT_TYPED = ("csrfmiddlewaretoken", "step")
WORDS = {
    "plateau": "A plateau: the values beside this one made at least half as much. What is good "
    "over a stretch of values is less likely to be luck.",
    "spike": "A spike: a value right beside this one made less than half as much. A result that "
    "stands alone is often luck.",
    "loss": "This value did not gain here, so there is no peak to judge.",
}


def _find(pk: Any) -> Run:
    found = Run.objects.filter(pk=pk).select_related("bot", "instance", "beside").first()
    if found is None:
        raise Http404(pk)
    backtest.settle(found)
    return found


def state(admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """How far a replay is."""
    run = _find(pk)
    return JsonResponse(
        {
            "state": run.state,
            "progress": run.progress,
            "error": run.error,
            "over": run.state not in Run.ACTIVE,
        }
    )


def picture(admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Candles, trades and curves; with ``from`` and ``to`` (milliseconds) of a stretch only, in
    as fine candles as there are."""
    run = _find(pk)
    if run.state != Done:
        raise Http404(pk)
    found = {"results": charts.results(run), "name": run.name, "candles": None, "held": None}
    try:
        since, until = _stretch(request, run)
        whole = bars.load(run.bot, run.market, run.interval, since, until).candles
        shown = charts.candles(whole)
        found |= {
            "candles": shown,
            "held": charts.held(whole),
            "marked": charts.marked(
                shown, run.interval, run_store.trades(run), run.costs["fee_bps"]
            ),
            "bricks": _bricks(run, since, until, int(shown["each"][0])),
        }
    except bars.NoBars as gone:
        found["remark"] = str(gone)
    trades = run_store.trades(run)
    if (since, until) != (run.from_at, run.to_at):
        low, high = since.timestamp(), until.timestamp()
        trades = [one for one in trades if one["exit_at"] >= low and one["entry_at"] <= high]
    found["trades"] = charts.trades(trades)
    if run.kind == Run.Kind.FIDELITY:
        found["lived"] = charts.lived(comparison.lived(run, since, until))
    return JsonResponse(found)


def _bricks(run: Run, since: Any, until: Any, portion: int) -> dict[str, Any] | None:
    """The bricks of a stretch, as they followed from all candles before; None for a strategy
    without, or where more than one set of parameters was replayed."""
    try:
        rules = backtest.replayable(run.strategy)
    except (UnknownStrategy, backtest.NotReplayable):
        return None
    if not bricks.draws(rules) or run.kind == Run.Kind.FIDELITY:
        return None
    read = backtest.columns(
        bars.load(run.bot, run.market, run.interval, run.from_at, until).candles
    )
    start = read.time[0] if since is None else since.timestamp()
    first = int(np.searchsorted(read.time, start))
    found = bricks.drawn(rules, run.values, read, run.interval, first, portion)
    return charts.bricks(found, float(start))


def _stretch(request: HttpRequest, run: Run) -> tuple[Any, Any]:
    """The part that is looked at, within what was replayed."""
    try:
        low, high = (float(request.GET[name]) / 1_000 for name in ("from", "to"))
        first, last = max(low, run.summary["from"]), min(high, run.summary["to"])
    except (KeyError, ValueError):
        return run.from_at, run.to_at
    if not first < last:
        return run.from_at, run.to_at
    return clock.from_epoch(first), clock.from_epoch(last)


def points(run: Run) -> dict[str, Any] | None:
    """The results along one parameter, for the picture and in words."""
    found = run.summary.get("points")
    if not found:
        return None
    name = run.options["parameter"]
    here = next((at for at, one in enumerate(found) if one[0] == run.values[name]), 0)
    shape = sensitivity.shape([one[2] for one in found], here)
    return {
        "name": name,
        "label": formatting.label(name),
        "words": WORDS[shape],
        "data": {
            "values": [one[0] for one in found],
            "totals": [one[2] for one in found],
            "trades": [one[1] for one in found],
            "here": here,
            "label": formatting.label(name),
            "log": _spread(run, name),
        },
        "rows": [
            {
                "value": formatting.setting(value),
                "here": at == here,
                "trades": f"{trades:,}",
                "signals": f"{signals:,}",
                "total": rows.metric("total_pnl_pct", total),
                "drawdown": rows.metric("max_drawdown_pct", fall),
            }
            for at, (value, trades, total, fall, signals) in enumerate(found)
        ],
    }


def _spread(run: Run, name: str) -> bool:
    """Whether the values of a parameter lie apart by factors."""
    try:
        return bool(getattr(strategies.get(run.strategy).parameter(name), "log", False))
    except (UnknownStrategy, KeyError):
        return False


def compare(admin: Any, request: HttpRequest) -> HttpResponse:
    """Two replays side by side; while they are at work, how far they are."""
    asked = [request.GET.get(name, "") for name in ("one", "two")]
    if not all(each.isascii() and each.isdigit() and len(each) < 19 for each in asked):
        raise Http404("two replays are compared")
    two = [_find(int(each)) for each in asked]
    ready = all(run.state == Done for run in two)
    more: dict[str, Any] = {"two": two, "active": any(run.state in Run.ACTIVE for run in two)}
    if ready:
        more |= {
            "metrics": rows.side_by_side(*two),
            "differences": _differences(*two),
            "funnels": [rows.steps(run) for run in two],
            "missing": dict.fromkeys(one for run in two for one in run.summary["remarks"]),
            "same": _same(*two),
            "trust": rows.trust_note(two[1]),
            "opened": rows.opened_by(two[1]),
            "curves": [{"name": f"{run.pk}: {run.name}", **charts.results(run)} for run in two],
        }
    return admin.answer(request, "runs_compare", "Two replays", ready=ready, **more)


def _differences(one: Run, other: Run) -> list[tuple[str, str, str]]:
    left, right = rows.parameters(one), rows.parameters(other)
    names = dict.fromkeys([*left, *right])
    return [
        (
            formatting.label(name),
            *(side[name].text if name in side else formatting.NOTHING for side in (left, right)),
        )
        for name in names
        if one.values.get(name) != other.values.get(name)
    ]


def _same(one: Run, other: Run) -> list[str]:
    """Why the numbers of two replays cannot be held against each other."""
    found = []
    if one.data_hash != other.data_hash:
        found.append("They replayed different candles.")
    if one.code_version != other.code_version:
        found.append("The rules changed between them.")
    names = ("fee_bps", "spread_bps", "slippage_bps")
    if any(one.costs[name] != other.costs[name] for name in names):
        found.append("They assumed different costs.")
    return found


def ask(admin: Any, request: HttpRequest, instance: int) -> HttpResponse:
    """Replay the last days with what a form of parameters holds, beside what is live."""
    if not admin.may_ask(request):
        raise PermissionDenied
    found = frames.instance(instance)
    if found is None:
        raise Http404(instance)
    refused = partial(
        admin.answer,
        request,
        "whatif_refused",
        "Not replayed",
        back=reverse("admin:trading_strategyinstance_change", args=[instance]),
        typed=[(name, text) for name, text in request.POST.items() if name not in NOT_TYPED],
    )
    try:
        values = what_if.typed(backtest.replayable(found.strategy), request.POST)
        live, tried = what_if.ask(found, values, request.user)
    except InvalidValues as invalid:
        wrong = [
            (formatting.label(name), text)
            for name, texts in invalid.errors.items()
            for text in texts
        ]
        return refused(wrong=wrong)
    except (bars.NoBars, backtest.NotReplayable, UnknownStrategy) as error:
        return refused(reason=str(error))
    query = {"one": live.pk, "two": tried.pk}
    return HttpResponseRedirect(reverse("admin:analytics_run_compare", query=query))


def fidelity(admin: Any, request: HttpRequest, instance: int) -> HttpResponse:
    """Hold the replay of a strategy against its live trades."""
    return _asked(admin, request, instance, lambda found: comparison.prepare(found))


def shadow(admin: Any, request: HttpRequest, instance: int, version: int) -> HttpResponse:
    """Replay what the values before a change would have done since."""
    return _asked(admin, request, instance, lambda found: shadows.prepare(found, version))


def _asked(
    admin: Any, request: HttpRequest, pk: int, prepare: Callable[[Any], Run]
) -> HttpResponse:
    """Queue what was prepared and lead to its page, or say why it cannot be done."""
    if not admin.may_ask(request):
        raise PermissionDenied
    found = frames.instance(pk)
    if found is None:
        raise Http404(pk)
    try:
        run = backtest.submit(prepare(found), request.user)
    except (LookupError, ValueError) as refused:
        back = reverse("admin:trading_strategyinstance_change", args=[pk])
        return admin.answer(
            request, "whatif_refused", "Not replayed", reason=str(refused), back=back
        )
    return HttpResponseRedirect(rows.url(run))


def along(admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Replay along the range of a parameter."""
    if not admin.may_ask(request):
        raise PermissionDenied
    run, name = _find(pk), request.POST.get("parameter", "")
    if run.state != Done or name not in run.values:
        raise Http404(name)
    return HttpResponseRedirect(rows.url(what_if.along(run, name, request.user)))


def again(admin: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """The same replay once more, from its own record."""
    if not admin.may_ask(request):
        raise PermissionDenied
    made = backtest.submit(backtest.again(_find(pk)), request.user)
    messages.success(request, f"Replay {pk} is being repeated.")
    return HttpResponseRedirect(rows.url(made))
