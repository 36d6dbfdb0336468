from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from trading import bulk, clock
from trading.models import Market, StateEntry, Trade

from .story import MONDAY, make_bot

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
    rows = [
        (bot.pk, "k", bulk.json({"a": [1, "é"]}), clock.to_micros(later), bulk.moment(later)),
    ]
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
        second.value, second.as_of, second.updated_at,
    )  # fmt: skip


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
