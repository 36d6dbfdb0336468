from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from analytics.models import Run
from tests.analytics.reference import bot_with, moment, polled, report_decisions, with_reference
from tests.analytics.replays import EAGER, MARKET, stored, walk
from tests.trading.story import make_bot, trade
from trading import ingest
from trading.parameters import instance_for, promote

pytestmark = pytest.mark.django_db


def told(*words: str) -> str:
    out = io.StringIO()
    call_command("compare_replay", "--strategy", "rsi_bb", *words, stdout=out)
    return out.getvalue()


@with_reference
def test_it_prints_the_verdict_the_figures_and_both_funnels_and_keeps_the_comparison():
    count = report_decisions(bot_with(polled()))
    said = told()
    run = Run.objects.get()
    assert f"Stored as backtest {run.pk}: /admin/analytics/run/{run.pk}/change/" in said
    assert "The replay is trusted, grade A." in said
    assert f"live trades                  {count}" in said
    assert "Bot: it sent no counts of this time" in said and "Replay: " in said
    found = json.loads(
        told(
            "--json",
            "--dry",
            "--bot",
            "Mara",
            "--market",
            "BTC-PERP",
            "--from",
            "2022-01-10",
            "--to",
            "2022-01-11",
        )
    )
    assert Run.objects.count() == 1 and found["id"] is None
    assert 0 < found["live"] < count and found["matched_share"] > 0.95


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--from", "2025-03-05", "--to", "2025-03-04"], "--from must be before --to"),
        (["--market", "no market"], "--market must match"),
        (["--market", "ETH"], "has no live trades in ETH"),
        (["--from", "2026-01-01", "--to", "2026-02-01"], "from 2026-01-01 00:00 to 2026-02-01"),
        (["--bot", "nobody"], 'no bot is named "nobody"'),
        (["--strategy", "rsi"], "there is no strategy 'rsi'"),
    ],
)
def test_bad_input_is_one_clear_line_and_keeps_nothing(words, line):
    bot = make_bot()
    ingest.store_trades(bot, [trade(market=MARKET)])
    promote(
        instance=instance_for(bot, "rsi_bb"),
        values=EAGER,
        reason="Let it trade",
        origin="admin",
        live_from=moment(walk().open_time[0]),
    )
    stored()
    with pytest.raises(CommandError) as raised:
        told(*words)
    assert line in str(raised.value) and "\n" not in str(raised.value)
    assert Run.objects.count() == 0


def test_a_missing_range_of_candles_is_named_with_the_command_that_brings_it():
    bot = make_bot()
    ingest.store_trades(bot, [trade(market=MARKET)])
    promote(
        instance=instance_for(bot, "rsi_bb"),
        values=EAGER,
        reason="Let it trade",
        origin="admin",
        live_from=moment(walk().open_time[0]),
    )
    with pytest.raises(CommandError) as raised:
        told()
    assert "from 2025-03-03 01:00 to 2025-03-03 02:00 UTC" in str(raised.value)
    assert "import_candles FILE --market BTC-PERP --interval 60" in str(raised.value)
