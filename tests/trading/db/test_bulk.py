from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from tests.trading.story import MONDAY, make_bot
from trading import clock
from trading.db import bulk, copy_text
from trading.models import Market, StateEntry, Trade, TradeContext

pytestmark = pytest.mark.django_db
COLUMNS = ("bot_id", "key", "value", "as_of", "updated_at")


def put(bot, as_of: int, value: object, **options) -> None:
    row = (bot.pk, "k", bulk.json(value), as_of, bulk.moment(MONDAY))
    bulk.upsert(StateEntry, COLUMNS, [row], conflict=("bot_id", "key"), **options)


def test_a_row_is_only_replaced_by_a_newer_one():
    bot, guarded = make_bot(), {"update": COLUMNS[2:], "newer": "as_of"}
    for as_of, value in ((5, "b"), (4, "a"), (5, "x"), (7, "d"), (6, "c")):
        put(bot, as_of, value, **guarded)
    assert StateEntry.objects.get().value == "d"


def test_without_columns_to_update_the_stored_row_stays():
    bot = make_bot()
    for as_of in (1, 2):
        put(bot, as_of, as_of)
    assert StateEntry.objects.get().value == 1


def test_rows_written_in_bulk_hold_what_django_itself_would_write():
    bot, later = make_bot(), MONDAY + timedelta(microseconds=7)
    rows = [(bot.pk, "k", bulk.json({"a": [1, "é"]}), clock.to_micros(later), bulk.moment(later))]
    bulk.upsert(StateEntry, COLUMNS, rows, conflict=("bot_id", "key"))
    StateEntry.objects.create(
        bot=bot, key="d", value={"a": [1, "é"]}, as_of=later, updated_at=later
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT value, as_of, updated_at FROM trading_stateentry")
        first, second = cursor.fetchall()
    assert first[1:] == second[1:]
    first, second = StateEntry.objects.all()
    assert (first.value, first.as_of, first.updated_at) == (
        second.value,
        second.as_of,
        second.updated_at,
    )


def test_reserved_keys_ascend_and_are_never_those_of_deleted_rows():
    market = Market.objects.create(name="BTC")
    gone = market.pk
    market.delete()
    reserved = bulk.reserve_ids(Market, 5)
    assert reserved == sorted(reserved) and len(set(reserved)) == 5
    assert reserved[0] > gone
    assert bulk.reserve_ids(Trade, 0) == []


def test_binary_columns_come_back_as_they_were_sent():
    blob = bytes(range(256))
    with connection.cursor() as cursor:
        kind = "bytea" if connection.vendor == "postgresql" else "blob"
        cursor.execute(f"CREATE TEMPORARY TABLE held (content {kind})")
        cursor.execute("INSERT INTO held VALUES (%s)", [blob])
    ((found,),) = bulk.binary("SELECT content FROM held WHERE %s = 1", [1])
    assert bytes(found) == blob


@pytest.mark.parametrize(("size", "lengths"), [(1, [1] * 5), (2, [2, 2, 1]), (5, [5]), (9, [5])])
def test_chunks_are_full_but_for_the_last(size, lengths):
    parts = list(bulk.chunks(range(5), size))
    assert [len(part) for part in parts] == lengths
    assert [row for part in parts for row in part] == list(range(5))
    assert list(bulk.chunks([], size)) == []


ODD = (
    "\\N",
    "\\.",
    "a\tb",
    "a\nb\r",
    'a "quoted" \\ one',
    "null",
    "NULL",
    "{}",
    "é🦉",
    "",
    ",",
    "'",
    "%s",
    " ",
    "true",
)


@pytest.mark.parametrize("count", [1, 3, 20, 21, 280, 801])
def test_new_rows_come_back_as_they_were_given_however_many_they_are(count):
    bot = make_bot()
    keys = [f"{ODD[number % len(ODD)]}{number}" for number in range(count)]
    values = [[key, number, number / 3, None, True] for number, key in enumerate(keys)]
    columns = {
        "bot_id": [bot.pk] * count,
        "key": keys,
        "value": bulk.jsons(values),
        "as_of": list(range(count)),
        "updated_at": [bulk.moment(MONDAY)] * count,
    }
    bulk.insert(StateEntry, columns)
    stored = StateEntry.objects.order_by("as_of").values_list("key", "value")
    assert list(stored) == list(zip(keys, values, strict=True))


@pytest.mark.parametrize("count", [2, 30, 700])
def test_of_new_rows_of_which_one_is_there_already_nothing_remains(count):
    bot = make_bot()
    columns = {
        "bot_id": [bot.pk] * count,
        "key": [str(number) for number in range(count)],
        "value": ["1"] * count,
        "as_of": list(range(count)),
        "updated_at": [bulk.moment(MONDAY)] * count,
    }
    bulk.insert(StateEntry, {name: values[-1:] for name, values in columns.items()})
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk.insert(StateEntry, columns)
    assert [row.key for row in StateEntry.objects.all()] == [str(count - 1)]


def test_the_edges_of_numbers_survive_being_written_in_bulk():
    columns = {
        "trade_id": list(range(30)),
        "mfe_pct": [1.5, None, -0.0, 5e-324, 1e300, 0.1] * 5,
        "entry_hour": [0, 23, None] * 10,
        "reached_tp": [True, False, None] * 10,
        "price_trend": ["up", ""] * 15,
        "volatility_trend": [""] * 30,
        "features": ["{}"] * 30,
        "other": ["{}"] * 30,
    }
    bulk.insert(TradeContext, columns)
    found = TradeContext.objects.order_by("trade_id")
    for name in ("mfe_pct", "entry_hour", "reached_tp", "price_trend"):
        assert list(found.values_list(name, flat=True)) == columns[name]


def test_a_text_that_no_database_holds_is_not_torn_in_two():
    with pytest.raises(ValueError, match="cannot be stored"):
        copy_text.lines({"key": ["a\x00b", "c"]})
