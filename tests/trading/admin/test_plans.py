"""No page of the admin may read a large table from end to end, however it is filtered."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from trading.models import Book, Bot, Origin, ParameterSet
from trading.parameters import instance_for, promote

from .conftest import ingest, tell, trade

LARGE = (
    "trading_trade",
    "trading_tradecontext",
    "trading_traderevision",
    "trading_renkobrick",
    "trading_evaluationcount",
    "trading_rollupday",
    "trading_candleblock",
)
TRADES = "/admin/trading/trade/"
FILTERS = [
    {},
    {"bot": "alpha"},
    {"strategy": "rsi_bb"},
    {"market": "BTC/USDT"},
    {"mode": "paper"},
    {"currency": "USD"},
    {"reason": "stop_loss"},
    {"reason": "stop_loss", "market": "BTC/USDT"},
    {"flagged": "yes"},
    {"flagged": "yes", "market": "ETH/USDT"},
    {"flagged": "yes", "set": "unknown"},
    {"set": "unknown"},
    {"set": "unknown", "reason": "time_stop"},
    {"set": "one"},
    {"set": "one", "market": "BTC/USDT", "mode": "live"},
    {"since": "2025-03-01"},
    {"until": "2025-03-01"},
    {"since": "2025-03-01", "until": "2025-03-02", "strategy": "renko_ao"},
    {"q": "t-3"},
    {"q": "t-3", "bot": "alpha", "flagged": "yes"},
    {"q": "nothing"},
]
CURSORS = [{}, {"before": "1740830000000000.60"}, {"after": "1740830000000000.60"}]


@pytest.fixture(scope="module")
def story(lasting):
    """Told once: these tests read it."""
    return tell(Bot.objects.create(name="alpha"))


def plan(sql):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            # Django shows values where they were bound; as literals they may be planned otherwise.
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
            return "\n".join(row[3] for row in cursor.fetchall())
        # A small table is read whole unless that is forbidden, which a large one would not be.
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(row[0] for row in cursor.fetchall())


def scans(queries):
    """Statements that read a large table whole, or count one, with their plans."""
    found = []
    for query in queries:
        sql = query["sql"]
        if not sql.lstrip().startswith(("SELECT", "WITH")) or not any(t in sql for t in LARGE):
            continue
        planned = plan(sql)
        whole = re.search(rf"(SCAN|Seq Scan on) (big|{'|'.join(LARGE)})\b", planned)
        # What is merged or tested row by row is limited before it is sorted.
        limited = "UNION" in sql or "AS looked" in sql
        sorted_whole = "TEMP B-TREE FOR ORDER BY" in planned and not limited
        if whole or sorted_whole or re.search(r"COUNT\(|DISTINCT|OFFSET \d{6}", sql):
            found.append(f"{sql}\n{planned}")
    return found


def get(client, path, query):
    with CaptureQueriesContext(connection) as ran:
        answer = client.get(path, query)
        content = answer.getvalue() if answer.streaming else answer.content
    assert answer.status_code == 200, answer.status_code
    return content.decode(), ran.captured_queries


def resolved(query):
    if query.get("set") == "one":
        return {**query, "set": str(ParameterSet.objects.filter(trades__isnull=False)[0].pk)}
    return query


@pytest.mark.parametrize("cursor", CURSORS, ids=["newest", "older", "newer"])
@pytest.mark.parametrize("query", FILTERS, ids=lambda query: "+".join(query) or "all")
def test_a_page_of_trades_is_a_search_along_an_index(owner, story, query, cursor):
    _, queries = get(owner, TRADES, {**resolved(query), **cursor})
    assert scans(queries) == []


@pytest.mark.parametrize("query", FILTERS, ids=lambda query: "+".join(query) or "all")
def test_an_export_of_trades_is_a_search_along_an_index(owner, story, query):
    _, queries = get(owner, f"{TRADES}export.csv", resolved(query))
    assert scans(queries) == []


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/?period=24h",
        "/admin/?period=all&mode=paper",
        "/admin/trading/traderevision/",
        "/admin/trading/renkobrick/",
        "/admin/trading/evaluationcount/",
        "/admin/trading/rollupday/",
        "/admin/trading/bot/",
        "/admin/trading/strategyinstance/",
        "/admin/trading/strategyinstance/changes/",
        "/admin/trading/strategyinstance/changes/export.csv",
        "/admin/trading/parameterset/",
        "/admin/trading/candleseries/",
        "/admin/trading/scope/",
    ],
)
def test_other_pages_scan_no_large_table_either(owner, story, path):
    _, queries = get(owner, path, None)
    assert scans(queries) == []


def test_the_page_of_a_trade_is_a_few_searches(owner, story):
    trade = story.trades.order_by("-id")[0].pk
    _, queries = get(owner, f"{TRADES}{trade}/change/", None)
    assert scans(queries) == []


@pytest.mark.parametrize(
    "page", ["change", "history", "compare", "values/stop_loss_bps", "rollback/1"]
)
def test_the_pages_about_parameters_are_searches(owner, story, page):
    instance = instance_for(story, "rsi_bb").pk
    _, queries = get(owner, f"/admin/trading/strategyinstance/{instance}/{page}/", None)
    assert scans(queries) == []
    assert len(queries) <= 20


@pytest.mark.parametrize("page", ["change", "history", "compare", "values/stop_loss_bps"])
def test_more_versions_take_no_more_queries(owner, story, page):
    instance = instance_for(story, "rsi_bb")
    address = f"/admin/trading/strategyinstance/{instance.pk}/{page}/"
    get(owner, address, None)
    _, few = get(owner, address, None)
    for number in range(12):
        promote(
            instance=instance,
            values={"stop_loss_bps": 5 + number},
            reason="more",
            origin=Origin.API,
        )
    _, many = get(owner, address, None)
    assert len(many) <= len(few)


@pytest.mark.parametrize("query", FILTERS, ids=lambda query: "+".join(query) or "all")
def test_the_number_of_queries_does_not_grow_with_the_rows(owner, story, query):
    _, queries = get(owner, TRADES, resolved(query))
    assert len(queries) <= 14


def test_more_books_and_rows_take_no_more_queries(owner, story):
    get(owner, TRADES, None)
    _, few = get(owner, TRADES, None)
    more = [trade(n, market=f"M{n % 40}", external_id=f"m{n}") for n in range(400)]
    ingest.store_trades(story, more)
    assert Book.objects.count() > 40
    _, many = get(owner, TRADES, None)
    assert len(many) == len(few)
