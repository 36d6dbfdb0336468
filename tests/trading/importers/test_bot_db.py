"""Files of the reference bot that are older, newer, incomplete or broken."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.trading.story import MONDAY, MONDAY_SECONDS, NOW, make_bot, rebuilt, sums
from trading import clock
from trading.importers import Unreadable
from trading.importers.bot_db import BotDatabase
from trading.models import Bot, CandleSeries, Position, RenkoBrick, StateEntry, Trade

from .files import T, dump, row, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot() -> Bot:
    with clock.at(NOW):
        yield make_bot()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bot.db"


def test_a_trade_is_imported_with_every_column_in_its_place(bot, path):
    BotDatabase().run(write(path, trades=[row("trades")]), bot)
    found = Trade.objects.select_related("book__instance", "book__market").get()
    assert (found.external_id, found.side, found.exit_reason) == ("1", "long", "take_profit")
    assert (found.entry_price, found.exit_price, found.size) == (100, 102, Decimal("0.5"))
    assert (found.pnl_pct, found.pnl, found.fee, found.flagged) == (2.0, 1, None, False)
    assert found.exit_at == datetime(2025, 3, 3, 0, 0, 20, 500_000, tzinfo=UTC)
    assert (found.book.instance.name, found.book.market.name) == ("rsi_bb", "BTC-PERP")
    assert (found.book.mode, found.parameter_set) == ("live", None)


def test_every_table_may_be_missing(bot, path):
    for number, table in enumerate(("trades", "positions", "candles", "renko_bricks")):
        single = write(path.with_name(f"{number}.db"), **{table: [row(table)]})
        report = BotDatabase().run(single, bot)
        assert report.of("trades").rejected == {}
    assert Trade.objects.count() == Position.objects.count() == RenkoBrick.objects.count() == 1


def test_empty_tables_are_no_mistake(bot, path):
    report = BotDatabase().run(write(path, trades=[], positions=[], candles=[]), bot)
    assert (report.of("trades").stored, report.notes) == (0, [])


def test_a_file_without_any_known_table_is_refused(bot, path):
    with pytest.raises(Unreadable, match="none of the tables"):
        BotDatabase().run(write(path, trade_context=[]), bot)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "not an SQLite"),
        (b"id,strategy\n", "not an SQLite"),
        (b"SQLite format 3\x00" + b"\x07" * 4096, "cannot be read"),
    ],
)
def test_what_is_no_database_is_refused_in_one_sentence(bot, path, content, hint):
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=hint):
        BotDatabase().run(path, bot)


def test_a_missing_file_and_a_directory_are_refused(bot, path):
    for missing in (path, path.parent):
        with pytest.raises(Unreadable, match="no file"):
            BotDatabase().run(missing, bot)


def test_a_file_cut_off_in_the_middle_is_refused_and_what_was_read_stays_right(bot, path):
    write(path, trades=[row("trades", exit_time=T + 20 + n) for n in range(3000)])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(Unreadable):
        BotDatabase().run(path, bot)
    assert sums(bot) == rebuilt(bot)


def test_a_file_in_wal_mode_without_its_wal_is_imported_with_a_warning(bot, path):
    source = sqlite3.connect(path)
    source.close()
    write(path, wal=True, trades=[row("trades")])
    alone = path.with_name("alone.db")
    shutil.copy(path, alone)
    report = BotDatabase().run(alone, bot)
    assert report.of("trades").stored == 1
    assert "WAL" in report.notes[0] and "-wal" in report.notes[0]
    assert sorted(found.name for found in path.parent.glob("alone*")) == ["alone.db"]


def test_rows_that_are_only_in_the_wal_are_read_when_it_is_there(bot, path):
    write(path, wal=True, trades=[row("trades")])
    with sqlite3.connect(path) as live:
        live.execute(
            "INSERT INTO trades SELECT 2, strategy, side, entry_price, exit_price, size, pnl_pct,"
            " pnl_usd, entry_time, exit_time, exit_reason, market, created_at FROM trades"
        )
        live.commit()
        report = BotDatabase().run(path, bot)
    live.close()
    assert (report.of("trades").stored, report.notes) == (2, [])


def test_a_bad_trade_is_named_and_the_others_are_kept(bot, path):
    bad = [
        row("trades", strategy="no_such"),
        row("trades", exit_price=None),
        row("trades", size=0.0),
        row("trades", exit_time=T * 1000),
        row("trades", side="up"),
        row("trades", market="a b"),
        row("trades", exit_reason=b"\xff"),
        row("trades", entry_price="much"),
        row("trades", pnl_pct=float("inf")),
    ]
    write(path, trades=[row("trades"), *bad, row("trades")])
    report = BotDatabase().run(path, bot)
    assert report.of("trades").stored == 2
    wrong = report.of("trades").rejected
    assert set(wrong) == {f"trade {number}" for number in range(2, 11)}
    assert wrong["trade 2"].startswith("strategy ") and wrong["trade 4"].startswith("size ")
    assert wrong["trade 5"].startswith("exit_time ")
    assert sums(bot) == rebuilt(bot)


def test_a_context_is_sorted_into_its_columns(bot, path):
    context = row(
        "trade_context",
        volatility_bps=4.5,
        price_trend="up",
        entry_hour=5,
        mae_pct=1.0,
        reached_tp=1,
        reached_sl=0,
        rsi_value=61.0,
        notes='{"a": [1]}',
        created_at=T,
    )
    report = BotDatabase().run(
        write(path, trades=[row("trades")] * 2, trade_context=[context]), bot
    )
    assert report.of("trades").rejected == {}
    found = Trade.objects.get(external_id="1").context
    assert (found.volatility_bps, found.price_trend, found.entry_hour) == (4.5, "up", 5)
    assert (found.mfe_pct, found.mae_pct) == (3.0, 1.0)
    assert (found.reached_tp, found.reached_sl) == (True, False)
    assert (found.features, found.other) == ({"rsi_value": 61.0}, {"notes": {"a": [1]}})
    assert not hasattr(Trade.objects.get(external_id="2"), "context")


def test_a_context_that_appears_later_conflicts_and_is_named(bot, path):
    BotDatabase().run(write(path, trades=[row("trades")]), bot)
    later = write(
        path.with_name("b.db"),
        trades=[row("trades")],
        trade_context=[{"trade_id": 1, "mfe_pct": 1.0}],
    )
    report = BotDatabase().run(later, bot)
    assert report.of("trades").rejected["trade 1"].startswith("revision ")


def test_positions_are_imported_with_zero_read_as_absent(bot, path):
    write(path, positions=[row("positions", scaled_entries="[1, 2]", entry_ao=3.5)])
    assert BotDatabase().run(path, bot).of("positions").stored == 1
    found = Position.objects.get()
    assert (found.stop_loss, found.take_profit, found.initial_size) == (None, 90, None)
    assert (found.scaled_entries, found.extra) == ([1, 2], {"entry_ao": 3.5, "order_index": 0})
    assert found.as_of == MONDAY + timedelta(minutes=1)
    before = dump(bot)
    BotDatabase().run(path, bot)
    assert dump(bot) == before


def test_rows_of_unknown_strategies_are_noted_and_the_rest_is_kept(bot, path):
    tables = {
        table: [row(table, strategy="no_such"), row(table)]
        for table in ("positions", "renko_bricks")
    }
    report = BotDatabase().run(write(path, trades=[row("trades")], **tables), bot)
    assert (
        report.of("trades").stored,
        report.of("positions").stored,
        report.of("bricks").stored,
    ) == (1, 1, 1)
    assert sum("no_such" in note for note in report.notes) == 2


@pytest.mark.parametrize("interval", [15, 60, 900, 86_400])
def test_the_interval_of_candles_is_the_commonest_step_between_them(bot, path, interval):
    first = MONDAY_SECONDS // 86_400 * 86_400
    times = [first + interval * number for number in range(10) if number != 4]
    write(path, candles=[row("candles", open_time=time) for time in times])
    assert BotDatabase().run(path, bot).of("candles").stored == 9
    found = CandleSeries.objects.get()
    assert (found.interval, found.candles, found.gaps, found.missing) == (interval, 9, 1, 1)


def test_bad_candles_are_noted_and_the_sound_ones_kept(bot, path):
    times = [MONDAY_SECONDS + 60 * number for number in range(5)]
    rows = [row("candles", open_time=time) for time in times]
    rows[2]["high"], rows[3]["close"] = 0.5, None
    report = BotDatabase().run(write(path, candles=rows), bot)
    assert report.of("candles").stored == 3
    assert "2 candles of breakout on BTC-PERP rejected" in report.notes[0]


def test_a_single_candle_is_noted_for_it_has_no_interval(bot, path):
    report = BotDatabase().run(write(path, candles=[row("candles")]), bot)
    assert "no interval" in report.notes[0]
    assert not CandleSeries.objects.exists()


def test_bricks_keep_their_number_when_the_bot_has_dropped_old_ones(bot, path):
    bricks = [row("renko_bricks", open_time=MONDAY_SECONDS + number) for number in range(6)]
    BotDatabase().run(write(path, renko_bricks=bricks[:4]), bot)
    report = BotDatabase().run(write(path.with_name("b.db"), renko_bricks=bricks[2:]), bot)
    assert (report.of("bricks").stored, report.of("bricks").unchanged) == (2, 2)
    found = RenkoBrick.objects.order_by("open_at").values_list("sequence", flat=True)
    assert list(found) == [1, 2, 3, 4, 5, 6]


def test_the_newest_prices_are_kept_as_state_and_an_older_file_does_not_replace_them(bot, path):
    prices = [row("price_history", timestamp=T + number, price=number) for number in range(3)]
    BotDatabase().run(write(path, price_history=prices), bot)
    kept = {"renko_ao": {"BTC-PERP": [[T, 0.0], [T + 1, 1.0], [T + 2, 2.0]]}}
    assert StateEntry.objects.get(key="price_history").value == kept
    BotDatabase().run(write(path.with_name("old.db"), price_history=prices[:1]), bot)
    assert StateEntry.objects.get(key="price_history").value == kept
