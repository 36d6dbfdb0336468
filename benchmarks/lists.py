#!/usr/bin/env python3
"""Server time of the dashboard, of every list of the admin, and of a trade's page.

Every list is asked for its first page, with each of its filters, with a search, and for pages far
in the past. What the database is asked on the way is explained: no plan may scan the trades.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import candles
import numpy as np
import synthetic
from figures import Table, milliseconds
from generate_trades import history

LIST_BAR, PAGE_BAR = 0.1, 0.3
BIG = ("trading_trade", "trading_tradecontext", "trading_candleblock")
CHOICES = 4  # of one filter: the first, the last, and some between
PAGES = 3
FEW = 500


def visitor():
    """A client that is logged in and may see everything."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    user, _ = get_user_model().objects.get_or_create(
        username="benchmark", is_staff=True, is_superuser=True
    )
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def market(count: int) -> None:
    """Candles beside the trades."""
    from trading.market import candles as product

    series = product.series_for(None, "BTC-USD", candles.INTERVAL)
    if series.candles < count:
        product.store(series, candles.walk(count))


def some(values: list) -> list:
    """A few of a filter's values, the ends among them."""
    if len(values) <= CHOICES:
        return values
    return [values[round(at)] for at in np.linspace(0, len(values) - 1, CHOICES)]


def addresses(client, admin, url: str) -> Iterator[str]:
    """What a visitor may ask of one list."""
    yield url
    context = client.get(url).context_data
    if "cl" in context:
        changes = context["cl"]
        for filters in changes.filter_specs:
            for choice in some(list(filters.choices(changes))):
                yield url + choice.get("query_string", "?")
        if admin.search_fields:
            yield f"{url}?q=btc"
        if changes.multi_page:
            yield f"{url}?p={changes.paginator.num_pages}"
        return
    form = context.get("form")
    for name, field in form.fields.items() if form else ():
        for value in some(list(_values(name, field))):
            yield f"{url}?{urlencode({name: value})}"
    older = context.get("links", {}).get("older")
    for _ in range(PAGES):
        if not older:
            break
        yield url + older
        older = client.get(url + older).context_data["links"].get("older")


def _values(name: str, field) -> Iterator[str]:
    from trading.models import Trade

    if hasattr(field, "choices"):
        yield from (str(value) for value, _ in field.choices if value)
    elif name == "q":
        yield from (Trade.objects.order_by("id").first().external_id, "not-there")
    else:
        yield from ("2026-10-01", synthetic.END.date().isoformat())


def of_trades(url: str) -> Iterator[str]:
    """Pages of the trades far in the past, also with filters that go together."""
    from trading.models import Trade

    newest = Trade.objects.order_by("-id").values_list("id", flat=True)[0]
    for share in (0.5, 0.01):
        number = max(1, int(newest * share))
        exit_at = Trade.objects.filter(pk=number).values_list("exit_at", flat=True)[0]
        cursor = f"{int(exit_at.timestamp() * 1e6)}.{number}"
        for chosen in (
            {},
            {"strategy": "rsi_bb"},
            {"strategy": "rsi_bb", "reason": "manual"},
            {"market": "SOL-USD", "mode": "live"},
            {"flagged": "yes"},
        ):
            yield f"{url}?{urlencode({**chosen, 'before': cursor})}"


def visits(client) -> dict[str, tuple[float, list[str]]]:
    """{what: (bar, addresses)}."""
    from django.contrib import admin
    from django.urls import reverse

    from trading.admin.dashboard.page import PERIODS
    from trading.models import Trade

    home = reverse("admin:index")
    found = {
        f"dashboard, {period}": (PAGE_BAR, [f"{home}?{urlencode({'period': period})}"])
        for period in PERIODS
    }
    some_trades = Trade.objects.order_by("id").values_list("id", flat=True)[:3]
    found["a trade"] = (
        PAGE_BAR,
        [reverse("admin:trading_trade_change", args=[pk]) for pk in some_trades],
    )
    for model, registered in admin.site._registry.items():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        asked = list(addresses(client, registered, url))
        if model is Trade:
            asked += of_trades(url)
        found[f"list of {model._meta.verbose_name_plural}"] = (LIST_BAR, list(dict.fromkeys(asked)))
    return found


def timed(client, urls: list[str], repeats: int) -> list[tuple[float, float, str]]:
    """(seconds, of them computing, address) of every visit; an address's first warms up."""
    taken = []
    for url in urls:
        for turn in range(repeats + 1):
            began, busy = time.perf_counter(), time.process_time()
            answer = client.get(url)
            seconds, busy = time.perf_counter() - began, time.process_time() - busy
            assert answer.status_code in (200, 302), (url, answer.status_code)
            if turn:
                taken.append((seconds, busy, url))
    return taken


def big() -> list[str]:
    """The tables that are worth an index; one that is nearly empty is rightly read whole."""
    from django.db import connection

    with connection.cursor() as cursor:
        found = []
        for table in BIG:
            cursor.execute(f"SELECT 1 FROM {table} LIMIT 1 OFFSET {FEW}")
            found += [table] if cursor.fetchone() else []
    return found


def scans(client, urls: list[str], tables: list[str]) -> list[str]:
    """Statements whose plan reads a big table from end to end."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = []
    for url in urls:
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        for query in captured.captured_queries:
            sql = query["sql"]
            if sql.lstrip(" (").startswith(("SELECT", "WITH")) and any(t in sql for t in tables):
                found += [f"{url}: {step}: {sql[:200]}" for step in _steps(sql, tables)]
    return found


def _steps(sql: str, tables: list[str]) -> list[str]:
    """The steps of a plan that scan a big table."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN {sql}".replace("%", "%%"), [])
            steps = [row[0].strip() for row in cursor.fetchall()]
            return [s for s in steps if re.search(rf"Seq Scan on ({'|'.join(tables)})\b", s)]
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}".replace("%", "%%"), [])
        steps = [row[3] for row in cursor.fetchall()]
    names = {name: name for name in tables}
    for table, name in re.findall(rf'"?({"|".join(tables)})"? (?:AS )?"?([a-zA-Z]\w*)"?', sql):
        names[name] = table
    # Along an index and with a limit is how a page is read: that ends after a few rows.
    bounded = " LIMIT " in sql.upper()
    return [
        step
        for step in steps
        if (seen := re.match(r"SCAN (\w+)(.*)", step))
        and seen[1] in names
        and not (bounded and "INDEX" in seen[2])
    ]


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


def compare(table: Table, repeats: int, most: int) -> list[str]:
    """On a busy machine the time that this process computed tells what waiting made of it."""
    client, tables = visitor(), big()
    scanning = []
    for what, (bar, asked) in visits(client).items():
        urls = asked[:most]
        taken = timed(client, urls, repeats)
        seconds, busy = ([visit[at] for visit in taken] for at in (0, 1))
        median = milliseconds(statistics.median(seconds))
        described = f"{what}: {len(urls)} addresses, median {median}"
        table.at_most(
            f"{described}, computing p95 {milliseconds(p95(busy))}", p95(seconds), bar, milliseconds
        )
        if p95(seconds) > bar:
            print(f"{what}: slowest {max(taken)[2]}")
        scanning += scans(client, urls, tables)
    table.at_most("statements that scan a big table", len(scanning), 0)
    return scanning


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0], trades=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--candles", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--addresses", type=int, default=1_000, help="of a page, at most")
    arguments = parser.parse_args()
    with ground.opened(arguments) as place:
        from trading import clock

        for trades in sorted(arguments.trades):
            history(place, trades)
            market(arguments.candles)
            table = Table(f"p95 of server time at {trades:,} trades, {place.vendor}")
            with clock.at(synthetic.END):
                scanning = compare(table, arguments.repeats, arguments.addresses)
            table.show()
            print("\n".join(scanning[:20]))


if __name__ == "__main__":
    main()
