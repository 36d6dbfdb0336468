"""Whatever is sent: never a 500, nothing stored that was refused, no page broken later."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from tests.trading.story import payload
from trading.models import Market, StrategyInstance, Trade

from .bad_input import BODIES, FIELDS, LONE, TYPES, body

PAGES = (
    "trades/",
    "trades/?limit=500",
    "positions/",
    "state/",
    "state/poison/",
    "parameters/",
    "parameters/history/",
    "strategies/",
    "performance/",
    "performance/?by=exit_reason",
    "performance/?by=feature:volatility_bps",
    "performance/?by=market&mode=paper",
    "candles/?market=BTC-PERP&interval=60",
    "bricks/?strategy=renko_ao&market=BTC-PERP",
)
LISTS = (
    "trade",
    "position",
    "stateentry",
    "traderevision",
    "candleseries",
    "renkobrick",
    "evaluationcount",
    "bot",
    "strategyinstance",
    "externalstrategy",
)


def nothing_stored() -> bool:
    return not (Trade.objects.exists() or Market.objects.exists())


@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_read_strictly(api, case):
    sent, status = BODIES[case]
    answer = api.raw("POST", "trades/", sent)
    assert answer.status_code == status
    assert isinstance(answer.json(), dict)
    assert nothing_stored() is (status != 201)


@pytest.mark.parametrize("case", TYPES)
def test_a_body_is_what_it_says_it_is(api, case):
    claimed, status = TYPES[case]
    answer = api.raw("POST", "trades/", body(), CONTENT_TYPE=claimed)
    assert answer.status_code == status
    assert nothing_stored() is (status != 201)


@pytest.mark.parametrize("case", FIELDS)
def test_a_wrong_field_is_named(api, case):
    changes, field = FIELDS[case]
    answer = api.raw("POST", "trades/", body(**changes))
    if field is None:
        assert answer.status_code == 201, answer.content
        return
    assert answer.status_code == 400
    (row,) = answer.json()["rejected"]
    assert list(row["errors"]) == [field]
    assert all(isinstance(text, str) and text for text in row["errors"][field])
    assert nothing_stored()


def test_nothing_that_is_kept_breaks_a_later_page(api, admin_client):
    for number, (changes, _) in enumerate(FIELDS.values()):
        sent = json.loads(body(**{"id": f"case-{number}", **changes}))
        api.post("trades/", sent)
        api.post("trades/", sent | {"revision": 2**62, "exit_reason": "corrected"})
    assert Trade.objects.count() > 20
    poison = {"<script>": "=1+1", "\u202e": [1e300, 5e-324, 2**64 - 1, -0.0, "\x7f", None]}
    for answer in (
        api.put("state/poison/", {"value": poison, "as_of": "2025-03-03T00:00:00Z"}),
        api.put(
            "positions/",
            {
                "strategy": "rsi_bb",
                "market": "a/../b",
                "side": "long",
                "entry_price": 1e12,
                "size": 1e12,
                "entry_time": 1741000000,
                "as_of": 1741000000,
                "extra": poison,
                "scaled_entries": [poison],
                "order_id": "<img/src=x>",
            },
        ),
        api.post("heartbeat/", {"version": "</script>", "status": poison}),
    ):
        assert answer.status_code in (200, 201)
    for page in PAGES:
        answer = api.get(page)
        assert answer.status_code == 200, page
        json.loads(answer.content, parse_constant=pytest.fail)
    for name in LISTS:
        page = admin_client.get(reverse(f"admin:trading_{name}_changelist"))
        assert page.status_code == 200, name
        assert b"<script>alert" not in page.content
    assert admin_client.get(reverse("admin:index")).status_code == 200


@pytest.fixture
def admin_client(client, db):
    client.force_login(get_user_model().objects.create_superuser("root", password="unused"))
    return client


def test_json_that_a_database_rewrites_is_still_the_same_report(api):
    value = {"a": 1e300, "b": 1.2345678901234567e18, "c": [1e17, 0.1, -0.0]}
    report = {"value": value, "as_of": "2025-03-03T00:00:00Z"}
    assert [api.put("state/k/", report).status_code for _ in range(2)] == [201, 200]
    assert api.get("state/k/").json()["value"] == pytest.approx(value)
    position = {
        "strategy": "rsi_bb",
        "market": "M",
        "side": "long",
        "entry_price": 1,
        "size": 1,
        "entry_time": 1741000000,
        "as_of": 1741000000,
        "extra": value,
    }
    assert [api.put("positions/", position).status_code for _ in range(2)] == [201, 200]


def test_errors_that_quote_what_is_no_text_can_still_be_sent(api):
    answer = api.post("parameters/rsi_bb/", {"values": {LONE: 1}, "reason": "why"})
    assert answer.status_code == 400
    assert list(answer.json()) == ["?"]


def test_a_refused_trade_makes_no_strategy_market_or_book(api):
    api.post("trades/", [payload(strategy="rsi_bb@new", size=0), payload(market="new", side="x")])
    assert not StrategyInstance.objects.exists() and nothing_stored()
