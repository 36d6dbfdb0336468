"""URLs below /api/v1/."""

from __future__ import annotations

from django.urls import path, re_path

from trading.api.views import (
    activity,
    clock,
    experiments,
    market,
    parameters,
    performance,
    positions,
    state,
    strategies,
    trades,
)

_EXPERIMENT = r"^experiments/(?P<experiment>[0-9]{1,18})"

urlpatterns = [
    path("trades/", trades.Trades.as_view(), name="trades"),
    path("positions/", positions.Positions.as_view(), name="positions"),
    path("candles/", market.CandleRows.as_view(), name="candles"),
    path("bricks/", market.Bricks.as_view(), name="bricks"),
    path("state/", state.Recovery.as_view(), name="recovery"),
    re_path(r"^state/(?P<key>[^/]{1,200})/$", state.StateKey.as_view(), name="state"),
    path("parameters/", parameters.AllParameters.as_view(), name="parameters"),
    path("parameters/history/", parameters.History.as_view(), name="parameters-history"),
    path(
        "parameters/<str:strategy>/", parameters.StrategyParameters.as_view(), name="parameters-of"
    ),
    path("parameters/<str:strategy>/rollback/", parameters.Rollback.as_view(), name="rollback"),
    path("strategies/", strategies.Strategies.as_view(), name="strategies"),
    path("evaluations/", activity.Evaluations.as_view(), name="evaluations"),
    path("heartbeat/", activity.Heartbeat.as_view(), name="heartbeat"),
    path("performance/", performance.Performance.as_view(), name="performance"),
    path("experiments/", experiments.Experiments.as_view(), name="experiments"),
    re_path(rf"{_EXPERIMENT}/$", experiments.OneExperiment.as_view(), name="experiment"),
    re_path(rf"{_EXPERIMENT}/start/$", experiments.Start.as_view(), name="experiment-start"),
    re_path(rf"{_EXPERIMENT}/stop/$", experiments.Stop.as_view(), name="experiment-stop"),
    re_path(rf"{_EXPERIMENT}/promote/$", experiments.Promote.as_view(), name="experiment-promote"),
    re_path(rf"{_EXPERIMENT}/keep/$", experiments.Keep.as_view(), name="experiment-keep"),
    path("clock/", clock.Clock.as_view(), name="clock"),
]
