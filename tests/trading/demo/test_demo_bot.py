import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from trading import clock, ingest
from trading.api import authentication
from trading.demo import bot as demo
from trading.demo import decisions, state
from trading.ingest import positions
from trading.ingest.trade_schema import TradeIn
from trading.market import candles
from trading.models import (
    Bot,
    CandleSeries,
    EvaluationCount,
    Experiment,
    Position,
    RenkoBrick,
    Trade,
)
from trading.parameters import promote

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 12, 15, 20, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Four days instead of thirty: the same story, shorter."""
    monkeypatch.setattr(demo, "DAYS", 4)
    changes = [
        (strategy, min(after, timedelta(days=2, hours=9)), values, reason)
        for strategy, after, values, reason in decisions.CHANGES
    ]
    monkeypatch.setattr(decisions, "CHANGES", changes)
    finished, running = decisions.TRIALS
    day = timedelta(days=1)
    trials = (replace(finished, starts=day, stops=2 * day), replace(running, starts=3 * day))
    monkeypatch.setattr(decisions, "TRIALS", trials)


def fill(now: datetime = NOW) -> dict:
    with clock.at(now):
        return demo.fill()


def live(now: datetime) -> dict:
    with clock.at(now):
        return demo.live()


def contents(*left_out: str) -> dict[str, str]:
    """A digest of every table's rows."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table not in left_out:
                cursor.execute(f'SELECT * FROM "{table}"')
                rows = sorted(
                    repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
                    for row in cursor.fetchall()
                )
                found[table] = sha256("\n".join(rows).encode()).hexdigest()
    return found


def others() -> None:
    """A bot that trades a market of the demo's name, and shared candles of it."""
    mine = Bot.objects.create(name="mine")
    at = NOW.timestamp() - 3_600
    ingest.store_trades(
        mine,
        [
            TradeIn(
                external_id="1",
                strategy="rsi_bb",
                market="DEMO-BTC",
                side="long",
                size=1,
                entry_price=1,
                exit_price=2,
                entry_time=at,
                exit_time=at,
                exit_reason="x",
            )
        ],
    )
    positions.put(
        mine,
        positions.PositionReport(
            strategy="breakout",
            market="OWN",
            side="long",
            entry_price=1,
            size=1,
            entry_time=at,
            as_of=at,
        ),
    )
    for market in ("DEMO-ETH", "OWN"):
        rows = candles.from_matrix(candles.Candles(*[[60 * n for n in (1, 2)]] * 6).matrix())
        candles.store(candles.series_for(None, market, 60), rows)


def test_it_is_filled_with_everything_and_says_that_it_is_invented():
    result = fill()
    bot = Bot.objects.get()
    assert bot.notes.startswith("Synthetic")
    assert result["trades"] == Trade.objects.count() > 100
    assert set(Trade.objects.values_list("book__mode", flat=True)) == {"paper"}
    markets = set(Trade.objects.values_list("book__market__name", flat=True))
    assert markets == {"DEMO-BTC", "DEMO-ETH", "DEMO-SOL"}
    assert not Trade.objects.filter(flagged=True).exists()
    assert not Trade.objects.filter(parameter_set=None).exists()
    assert not Trade.objects.filter(context=None).exists()
    versions = Trade.objects.filter(book__instance__strategy="rsi_bb")
    assert set(versions.values_list("parameter_set__version", flat=True)) == {2, 3}
    assert CandleSeries.objects.filter(bot=bot, gaps=0).count() == 3
    assert RenkoBrick.objects.count() > 100
    assert EvaluationCount.objects.filter(signals__gt=0).exists()
    assert bot.reported["version"] == "demo"


def test_one_experiment_is_finished_one_runs_and_both_arms_of_each_traded():
    fill()
    live(NOW + timedelta(days=1))
    bot = Bot.objects.get()
    for name, status in (("wider_stop", "stopped"), ("longer_range", "active")):
        experiment = Experiment.objects.get(instance__bot=bot, name=name)
        assert experiment.status == status
    traded = Trade.objects.filter(parameter_set__arms__experiment__name="longer_range")
    assert traded.values("parameter_set").distinct().count() >= 1


def test_trades_lie_before_now_and_each_under_the_set_that_was_live():
    fill()
    for trade in Trade.objects.select_related("parameter_set"):
        assert trade.exit_at <= NOW
        assert trade.parameter_set.created_at <= trade.entry_at


def test_a_second_filling_changes_nothing():
    fill()
    before = contents()
    assert fill(NOW + timedelta(seconds=20)) == {"bot": "demo", "filled": False}
    assert contents() == before


def test_a_filling_that_was_cut_off_is_completed_without_doubles(monkeypatch):
    def cut(*arguments):
        raise RuntimeError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(demo, "_note_progress", cut)
        with pytest.raises(RuntimeError):
            fill()
    count = Trade.objects.count()
    assert fill(NOW + timedelta(minutes=5))["filled"]
    assert Trade.objects.count() == count
    assert live(NOW + timedelta(minutes=5))["minutes"] == 5


@pytest.mark.either
def test_while_it_is_filled_it_is_not_said_to_have_been_silent_for_a_month(monkeypatch):
    def cut_off(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_send", cut_off)
    with pytest.raises(KeyboardInterrupt):
        fill()
    assert Bot.objects.get().seen_at is None


@pytest.mark.either
def test_the_same_moment_gives_the_same_story():
    def story() -> list:
        return list(Trade.objects.order_by("external_id").values_list("digest"))

    fill()
    first = story()
    demo.clear()
    authentication.forget()
    fill()
    assert story() == first


def test_a_minute_lived_twice_changes_nothing():
    fill()
    later = NOW + timedelta(minutes=7)
    assert live(later)["minutes"] == 7
    before = contents()
    assert live(later + timedelta(seconds=10)) == {"minutes": 0}
    assert contents() == before


@pytest.mark.either
def test_a_stretch_in_pieces_and_all_at_once_end_the_same():
    def lived() -> tuple:
        return (
            list(Trade.objects.order_by("external_id").values_list("digest", "external_id")),
            sorted(RenkoBrick.objects.values_list("sequence", "close", "market__name")),
            list(
                CandleSeries.objects.order_by("market__name", "interval").values_list(
                    "candles", "last_at"
                )
            ),
            sorted(Position.objects.values_list("market__name", "entry_price", "as_of")),
        )

    fill()
    for minute in (7, 19, 30):
        live(NOW + timedelta(minutes=minute))
    in_pieces = lived()
    demo.clear()
    authentication.forget()
    fill()
    live(NOW + timedelta(minutes=30))
    assert lived() == in_pieces


@pytest.mark.either
def test_after_a_long_silence_it_catches_up_a_day_at_most():
    fill()
    count = Trade.objects.count()
    assert live(NOW + timedelta(days=9))["minutes"] == 24 * 60
    newest = Trade.objects.order_by("exit_at")[count:]
    assert min(trade.exit_at for trade in newest) > NOW + timedelta(days=7, hours=23)
    assert set(CandleSeries.objects.values_list("gaps", flat=True)) == {1}


def test_clearing_removes_the_demo_and_nothing_else():
    others()
    before = contents()
    fill()
    live(NOW + timedelta(minutes=3))
    assert state.there()
    authentication.forget()
    assert demo.clear()["removed"]
    sequences = ("sqlite_sequence",)
    assert contents(*sequences) == {k: v for k, v in before.items() if k not in sequences}
    assert demo.clear() == {"removed": False}
    assert live(NOW) == {"minutes": 0}
    assert not state.there()


def test_a_bot_of_that_name_that_is_somebodys_own_is_left_alone(capsys):
    Bot.objects.create(name="demo")
    before = contents()
    for arguments in ((), ("--clear",)):
        with pytest.raises(CommandError, match="is not the demo"):
            call_command("demo", *arguments)
    assert contents() == before


def test_the_command_fills_and_clears_and_answers_in_json(capsys):
    with clock.at(NOW):
        call_command("demo", "--json")
        result = json.loads(capsys.readouterr().out)
        assert result["filled"] and result["trades"] == Trade.objects.count()
        call_command("demo")
        assert "exists already" in capsys.readouterr().out
        call_command("demo", "--clear")
        assert "nothing else was touched" in capsys.readouterr().out
    assert not Bot.objects.exists()


@pytest.mark.either
def test_the_dashboard_shows_it_labelled(admin_client):
    with clock.at(NOW):
        fill()
        page = admin_client.get("/admin/", {"mode": "paper", "bot": "demo"}).content.decode()
    assert "DEMO-BTC" in page
    assert "paper" in page
    assert "rsi_bb" in page and "renko_ao" in page and "breakout" in page


@pytest.mark.either
def test_what_people_change_the_demo_obeys():
    fill()
    bot = Bot.objects.get()
    instance = bot.instances.get(strategy="rsi_bb")
    values = {**instance.live.parameter_set.values, "take_profit_bps": 30}
    with clock.at(NOW + timedelta(minutes=1)):
        promote(instance=instance, values=values, reason="a test", origin="admin")
    live(NOW + timedelta(hours=8))
    newest = Trade.objects.filter(book__instance__strategy="rsi_bb").order_by("-exit_at")[0]
    assert newest.parameter_set.version == 4
