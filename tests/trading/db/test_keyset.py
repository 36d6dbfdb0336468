"""Pages by key: laws that hold for any data, and plans that never scan."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from trading.db import keyset
from trading.db.keyset import Condition, Listing
from trading.models import Bot, Market, RenkoBrick, StrategyInstance

TABLE = RenkoBrick._meta.db_table

pytestmark = pytest.mark.django_db


@pytest.fixture
def bricks():
    """200 rows in four stretches of an index; a column with many ties serves as the order."""
    rng = random.Random(1)
    bot = Bot.objects.create(name="alpha")
    instances = [StrategyInstance.objects.create(bot=bot, strategy=key) for key in ("a", "b")]
    markets = [Market.objects.create(name=name) for name in ("x", "y")]
    rows = [
        RenkoBrick(
            instance=rng.choice(instances),
            market=rng.choice(markets),
            sequence=number,
            open_at=rng.randrange(40),
            close_at=0,
            open=1,
            close=2,
            direction=1,
            high=2,
            low=1,
            size=rng.randrange(5),
        )
        for number in range(200)
    ]
    RenkoBrick.objects.bulk_create(rows)
    return [
        (Condition("instance_id = %s AND market_id = %s", (instance.pk, market.pk)),)
        for instance in instances
        for market in markets
    ]


def everything(**wanted):
    rows = RenkoBrick.objects.filter(**wanted).values_list("open_at", "id")
    return sorted(((lists_key(at), pk) for at, pk in rows), reverse=True)


def lists_key(moment):
    from trading.clock import to_micros

    return to_micros(moment)


def older(listing, size):
    pages, start = [], None
    while True:
        page = keyset.page(listing, size, before=start)
        pages.append(page)
        if page.older is None:
            return pages
        start = page.older


def keys(pages):
    return [key for page in pages for key in page.keys]


@pytest.mark.parametrize("size", [1, 7, 50, 199, 200, 500])
def test_walking_to_older_pages_gives_every_row_once_and_newest_first(bricks, size):
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks))
    assert keys(older(listing, size)) == everything()


@pytest.mark.parametrize("size", [1, 7, 50])
def test_walking_back_gives_the_same_pages(bricks, size):
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks))
    pages = older(listing, size)
    for page, newer in zip(pages[:0:-1], pages[-2::-1], strict=True):
        assert keyset.page(listing, size, after=page.newer).keys == newer.keys


def test_the_newest_page_has_nothing_newer_and_the_oldest_nothing_older(bricks):
    pages = older(Listing(TABLE, ("open_at", "id"), tuple(bricks)), 30)
    assert pages[0].newer is None
    assert pages[-1].older is None


def test_rows_that_arrive_while_one_reads_neither_repeat_nor_hide_others(bricks):
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks))
    before = everything()
    first = keyset.page(listing, 50)
    row = RenkoBrick.objects.first()
    row.pk, row.sequence, row.open_at = None, 10_000, 99
    row.save()
    rest = keyset.page(listing, 500, before=first.older)
    assert first.keys + rest.keys == before


@pytest.mark.parametrize("size", [1, 7, 50])
@pytest.mark.parametrize("look", [10, 33, 10_000])
def test_conditions_without_an_index_lose_no_row_however_few_are_looked_at(
    bricks, size, look, monkeypatch
):
    monkeypatch.setattr(keyset, "LOOK", look)
    rest = (Condition("size = %s", (3,)),)
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks), rest)
    assert keys(older(listing, size)) == everything(size=3)


@pytest.mark.parametrize("look", [10, 33, 10_000])
def test_walking_back_through_tested_rows_loses_none_either(bricks, look, monkeypatch):
    monkeypatch.setattr(keyset, "LOOK", look)
    rest = (Condition("size = %s", (3,)),)
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks), rest)
    page, found = older(listing, 5)[-1], []
    while True:
        found = page.keys + found
        if page.newer is None:
            break
        after = keyset.page(listing, 5, after=page.newer)
        if after.newer is None:  # the newest page may overlap what was walked through
            found = [key for key in after.keys if key not in found] + found
            break
        page = after
    assert found == everything(size=3)


def test_a_condition_that_no_row_meets_ends_and_says_that_it_looked(bricks, monkeypatch):
    monkeypatch.setattr(keyset, "LOOK", 10)
    rest = (Condition("size = %s", (77,)),)
    listing = Listing(TABLE, ("open_at", "id"), ((),), rest)
    pages = older(listing, 5)
    assert keys(pages) == []
    assert all(page.partial for page in pages[:-1])
    assert len(pages) > 2


def test_more_branches_than_one_statement_takes_are_merged_too(bricks, monkeypatch):
    monkeypatch.setattr(keyset, "TOGETHER", 3)
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks))
    assert keys(older(listing, 9)) == everything()


def test_the_rows_beside_one_are_its_neighbours(bricks):
    listing = Listing(TABLE, ("open_at", "id"), tuple(bricks))
    rows = everything()
    newer, after = keyset.beside(listing, rows[100], 5)
    assert newer == rows[95:100]
    assert after == rows[101:106]


def test_different_values_are_found_by_hopping_and_each_once(bricks):
    pairs = RenkoBrick.objects.order_by().values_list("instance", "market").distinct()
    assert keyset.distinct(TABLE, ("instance_id", "market_id")) == sorted(pairs)
    assert keyset.distinct(TABLE, ("instance_id", "market_id"), limit=2) == sorted(pairs)[::2]


def test_an_empty_table_has_one_empty_page_and_no_values():
    assert keyset.page(Listing(TABLE, ("id",)), 50) == keyset.Page()
    assert keyset.distinct(TABLE, ("instance_id", "market_id")) == []


def test_the_number_of_queries_does_not_depend_on_branches(bricks):
    for branches in (bricks[:1], bricks):
        listing = Listing(TABLE, ("open_at", "id"), tuple(branches))
        with CaptureQueriesContext(connection) as ran:
            keyset.page(listing, 10)
        assert len(ran) == 1


def steps_of(work):
    """What SQLite did for some work, in hundreds of its instructions."""
    counted = [0]

    def count():
        counted[0] += 1

    connection.connection.set_progress_handler(count, 100)
    try:
        work()
    finally:
        connection.connection.set_progress_handler(None, 100)
    return counted[0]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="counts instructions of SQLite")
def test_ten_times_the_rows_take_no_more_steps():
    bot = Bot.objects.create(name="alpha")
    instance = StrategyInstance.objects.create(bot=bot, strategy="a")
    market = Market.objects.create(name="x")
    branch = (Condition("instance_id = %s AND market_id = %s", (instance.pk, market.pk)),)
    listing = Listing(TABLE, ("sequence",), (branch,))

    def grow(first, last):
        RenkoBrick.objects.bulk_create(
            RenkoBrick(
                instance=instance,
                market=market,
                sequence=number,
                open_at=0,
                close_at=0,
                open=1,
                close=2,
                direction=1,
                high=2,
                low=1,
                size=1,
            )
            for number in range(first, last)
        )

    def work():
        keyset.distinct(TABLE, ("instance_id", "market_id"))
        keyset.page(listing, 50)
        keyset.page(listing, 50, before=(500,))
        keyset.page(listing, 50, after=(500,))
        keyset.beside(listing, (500,), 5)

    grow(0, 1_000)
    few = steps_of(work)
    grow(1_000, 11_000)
    assert steps_of(work) <= 1.2 * few + 2
