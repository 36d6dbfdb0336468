from __future__ import annotations

import csv
import io
import json

import pytest
from django.core.management import CommandError, call_command

from analytics.models import Run
from analytics.research import run_store
from tests.analytics.replays import EAGER, MARKET, stored
from trading.models import Trade

pytestmark = pytest.mark.django_db
SET = [f"{name}={value}" for name, value in EAGER.items()]
ASKED = ("backtest", "--strategy", "rsi_bb", "--market", MARKET, "--interval", "60")


def told(*words: str) -> str:
    out = io.StringIO()
    call_command(*ASKED, *words, stdout=out)
    return out.getvalue()


def test_it_prints_metrics_the_funnel_and_trades_and_keeps_the_replay():
    stored()
    said = told("--set", *SET, "--trades", "3")
    run = Run.objects.get()
    assert f"Stored as backtest {run.pk}: /admin/analytics/run/{run.pk}/change/" in said
    assert "fee 5 bps a side, spread 1 bps, slippage 1 bps a side (assumed" in said
    assert f"{run.funnel['evaluations']:,}".replace(",", " ") + " evaluations: " in said
    assert "The newest 3 of" in said and "buy and hold %" in said
    assert Trade.objects.count() == 0


def test_json_holds_everything_and_a_dry_one_keeps_nothing():
    stored()
    found = json.loads(told("--set", *SET, "--json", "--dry", "--cost-bps", "0"))
    assert Run.objects.count() == 0 and found["id"] is None and found["address"] is None
    assert found["metrics"]["trades"] == len(found["trades"]) > 20
    assert found["funnel"]["signals"] == len(found["trades"])
    assert found["summary"]["cost_pct"] == 0.0


def test_csv_has_a_line_for_each_trade_with_its_features():
    stored()
    rows = list(csv.DictReader(io.StringIO(told("--set", *SET, "--csv"))))
    kept = run_store.trades(Run.objects.get())
    assert [float(row["pnl_pct"]) for row in rows] == [one["pnl_pct"] for one in kept]
    assert {"rsi_value", "entry_hour", "exit_reason"} <= set(rows[0])


def test_a_strategy_goes_by_its_alias_too():
    stored()
    call_command(
        "backtest",
        strategy="mean_reversion",
        market=MARKET,
        interval=60,
        dry=True,
        stdout=io.StringIO(),
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--set", "rsi_perod=3"], "rsi_perod is not a parameter of rsi_bb; did you mean"),
        (["--set", "stop_loss_bps=many"], "stop_loss_bps must be a number"),
        (["--set", "stop_loss_bps"], "is not name=value"),
        (["--market", "ETH"], "no candles of ETH are stored (there are BTC-PERP)"),
        (["--interval", "300"], "no 5 min candles of BTC-PERP are stored (there are 1 min)"),
        (["--interval", "0"], "--interval must be 1 second or more"),
        (["--strategy", "rsi"], "there is no strategy 'rsi' (there are rsi_bb, renko_ao"),
        (["--from", "2025-03-05", "--to", "2025-03-04"], "--from must be before --to"),
        (["--from", "yesterday"], '"yesterday" is not a time'),
        (["--cost-bps", "-1"], "--cost-bps must be between 0 and 1000"),
        (["--bot", "nobody"], 'no bot is named "nobody"'),
        (["--set", "candle_interval_seconds=90"], "bars of 60 s do not fit"),
        (["--json", "--csv"], "choose one"),
    ],
)
def test_bad_input_is_one_clear_line_and_keeps_nothing(words, line):
    stored()
    with pytest.raises(CommandError) as raised:
        told(*words)
    assert line in str(raised.value) and "\n" not in str(raised.value)
    assert Run.objects.count() == 0


def test_a_replay_that_hardly_trades_says_what_would_let_it():
    stored()
    said = told("--set", *SET, "volume_multiplier=20", "--dry")
    assert "Volume held back all " in said
    assert "At volume multiplier 1.2, as declared, it would have traded " in said
