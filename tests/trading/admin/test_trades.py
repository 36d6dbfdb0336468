"""The list of trades: pages, filters, search, and the export of what is filtered."""

import csv
import io
import re

import pytest
from django.urls import reverse

from trading import ingest
from trading.models import ParameterSet, Trade

from .conftest import trade

TRADES = "/admin/trading/trade/"
LINK = re.compile(r'href="/admin/trading/trade/(\d+)/change/"')
OLDER = re.compile(r'href="([^"]+)" rel="next"')
NEWER = re.compile(r'href="([^"]+)" rel="prev"')


def text(answer):
    assert answer.status_code == 200
    return answer.content.decode()


def shown(page):
    return [int(pk) for pk in LINK.findall(page)]


def follow(client, pattern, page):
    found = pattern.search(page)
    return found and text(client.get(TRADES + found[1].replace("&amp;", "&")))


def walk(client, query):
    pages = [text(client.get(TRADES, query))]
    while (page := follow(client, OLDER, pages[-1])) is not None:
        pages.append(page)
    return pages


def expected(**wanted):
    rows = Trade.objects.filter(**wanted).order_by("-exit_at", "-id")
    return list(rows.values_list("pk", flat=True))


QUERIES = [
    ({}, {}),
    ({"bot": "alpha"}, {"bot__name": "alpha"}),
    ({"strategy": "rsi_bb"}, {"book__instance__strategy": "rsi_bb"}),
    ({"market": "ETH/USDT"}, {"book__market__name": "ETH/USDT"}),
    ({"mode": "paper"}, {"book__mode": "paper"}),
    ({"currency": "USD", "mode": "live"}, {"book__mode": "live"}),
    ({"reason": "stop_loss"}, {"exit_reason": "stop_loss"}),
    (
        {"reason": "stop_loss", "market": "ETH/USDT"},
        {"exit_reason": "stop_loss", "book__market__name": "ETH/USDT"},
    ),
    ({"flagged": "yes"}, {"flagged": True}),
    ({"flagged": "yes", "mode": "live"}, {"flagged": True, "book__mode": "live"}),
    ({"set": "unknown"}, {"parameter_set": None}),
    ({"set": "unknown", "mode": "paper"}, {"parameter_set": None, "book__mode": "paper"}),
    ({"since": "2025-03-01", "until": "2025-03-01"}, {"exit_at__lt": "2025-03-02T00:00:00Z"}),
]
NAMES = ["+".join(query) or "all" for query, _ in QUERIES]


@pytest.mark.parametrize(("query", "wanted"), QUERIES, ids=NAMES)
def test_walking_older_shows_every_trade_of_the_filter_once(owner, story, query, wanted):
    pages = walk(owner, query)
    assert [pk for page in pages for pk in shown(page)] == expected(**wanted)


def test_walking_newer_shows_the_pages_that_one_came_through(owner, story):
    pages = walk(owner, {"mode": "live"})
    assert len(pages) > 2
    page = pages[-1]
    for before in pages[-2::-1]:
        page = follow(owner, NEWER, page)
        assert shown(page) == shown(before)
    assert NEWER.search(page) is None


def test_links_to_other_pages_keep_the_filters(owner, story):
    page = text(owner.get(TRADES, {"mode": "live", "reason": "", "currency": "USD"}))
    link = OLDER.search(page)[1].replace("&amp;", "&")
    assert link.startswith("?mode=live&currency=USD&before=")


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.2.3", "1.x", "9" * 30 + ".1", "-.1", "1e5.2"])
def test_a_cursor_that_is_none_shows_the_newest_page(owner, story, cursor):
    assert shown(text(owner.get(TRADES, {"before": cursor}))) == expected()[:50]


def test_a_search_finds_the_exact_id_only(owner, story):
    assert shown(text(owner.get(TRADES, {"q": " t-12 "}))) == expected(external_id="t-12")
    assert shown(text(owner.get(TRADES, {"q": "t-1"}))) == expected(external_id="t-1")
    assert shown(text(owner.get(TRADES, {"q": "T-12"}))) == []


def test_a_search_obeys_the_other_filters(owner, story):
    assert shown(text(owner.get(TRADES, {"q": "t-12", "market": "ETH/USDT"})))
    assert not shown(text(owner.get(TRADES, {"q": "t-12", "market": "BTC/USDT"})))
    assert not shown(text(owner.get(TRADES, {"q": "t-12", "since": "2025-03-02"})))


@pytest.mark.parametrize(
    "name", ["exit_reason__regex", "tag__iregex", "book__market__name", "o", "e", "nonsense"]
)
def test_other_lookups_are_dropped_from_the_address(owner, story, name):
    answer = owner.get(TRADES, {name: "(a+)+$", "mode": "live"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{TRADES}?mode=live"
    assert owner.get(f"{TRADES}export.csv", {name: "x"}).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        {"bot": "nobody"},
        {"set": "9999999999999999999999"},
        {"set": "' OR 1=1 --"},
        {"since": "yesterday"},
        {"since": "2025-03-02", "until": "2025-03-01"},
        {"q": "x" * 65},
        {"mode": "LIVE"},
        {"q": "a\x00b"},
    ],
)
def test_a_filter_that_makes_no_sense_is_named_and_shows_nothing(owner, story, query):
    page = text(owner.get(TRADES, query))
    assert shown(page) == []
    assert "sl-error" in page
    assert owner.get(f"{TRADES}export.csv", query).status_code == 400


def test_a_set_can_be_chosen_and_stays_chosen(owner, story):
    made = ParameterSet.objects.filter(trades__isnull=False).first()
    pages = walk(owner, {"set": made.pk})
    assert [pk for page in pages for pk in shown(page)] == expected(parameter_set=made)
    assert f'<option value="{made.pk}" selected' in pages[0]


def test_exit_reasons_offered_are_those_declared_and_those_that_occur(owner, story):
    ingest.store_trades(story, [trade(500, exit_reason="the moon was full")])
    page = text(owner.get(TRADES))
    for reason in ("the moon was full", "ao_reversal", "stop_loss"):
        assert f'value="{reason}"' in page


def test_without_any_trade_the_list_says_how_to_get_some(owner):
    assert "import_bot_db" in text(owner.get(TRADES))


def test_a_filter_without_trades_offers_to_show_all(owner, story):
    page = text(owner.get(TRADES, {"since": "2030-01-01"}))
    assert "No trades match" in page
    assert "Show all" in page


def export(client, query):
    answer = client.get(f"{TRADES}export.csv", query)
    assert answer.status_code == 200
    assert answer.streaming
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


@pytest.mark.parametrize(("query", "wanted"), QUERIES, ids=NAMES)
def test_the_export_holds_what_the_filter_shows(owner, story, query, wanted):
    ids = Trade.objects.in_bulk(expected(**wanted))
    rows = export(owner, query)
    assert [row["id"] for row in rows] == [ids[pk].external_id for pk in expected(**wanted)]


def test_the_export_walks_through_more_than_one_step(owner, story, monkeypatch):
    monkeypatch.setattr("trading.admin.keyset.EXPORT_STEP", 7)
    assert len(export(owner, {})) == 130


def test_the_export_has_the_context_in_typed_columns(owner, story):
    row = export(owner, {"q": "t-2"})[0]
    assert row["volatility_bps"] == "3.5"
    assert row["features"] == '{"rsi_value": 61}'
    assert row["other"] == '{"oddity": [1, 2]}'
    assert row["exit_time"].endswith("+00:00")


def test_the_export_is_inert_in_a_spreadsheet_and_keeps_negative_numbers(owner, story):
    formula = '=HYPERLINK("http://x","y")'
    ingest.store_trades(story, [trade(600, tag=formula, arm="@SUM(A1)", exit_reason="-1+2")])
    row = export(owner, {"q": "t-600"})[0]
    assert row["tag"] == f"'{formula}"
    assert row["arm"] == "'@SUM(A1)"
    assert row["exit_reason"] == "'-1+2"
    assert float(row["pnl"]) == -1


def test_what_a_bot_sends_is_text_on_every_page(owner, bot):
    attack = "<script>alert(1)</script>"
    context = {"price_trend": "up", attack: attack}
    ingest.store_trades(bot, [trade(1, tag=attack, exit_reason=attack, context=context)])
    pk = Trade.objects.get().pk
    for path in (TRADES, reverse("admin:trading_trade_change", args=[pk]), "/admin/?period=all"):
        page = text(owner.get(path))
        assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
