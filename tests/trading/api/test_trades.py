from __future__ import annotations

import pytest

from tests.trading.story import MONDAY_SECONDS, NOW, payload, two_sets
from trading import clock
from trading.models import Trade, TradeRevision


def counts(answer) -> tuple[int, int, int, int]:
    found = answer.json()
    return found["stored"], found["updated"], found["unchanged"], len(found["rejected"])


def test_a_trade_is_stored_once_however_often_it_is_sent(api):
    first, again = (api.post("trades/", payload()) for _ in range(2))
    assert (first.status_code, counts(first)) == (201, (1, 0, 0, 0))
    assert (again.status_code, counts(again)) == (200, (0, 0, 1, 0))
    assert Trade.objects.count() == 1


def test_an_object_and_an_array_of_one_are_the_same(api):
    assert api.post("trades/", payload()).status_code == 201
    assert api.post("trades/", [payload()]).status_code == 200


def test_an_empty_array_is_nothing_new(api):
    answer = api.post("trades/", [])
    assert (answer.status_code, counts(answer)) == (200, (0, 0, 0, 0))


def test_the_same_numbers_written_otherwise_are_the_same_trade(api):
    api.post("trades/", payload())
    again = payload(
        entry_price="100.00",
        exit_price=102.0,
        size="0.50",
        entry_time="2025-03-03T02:00:00+01:00",
        exit_time="2025-03-03T02:00:00Z",
        strategy="mean_reversion",
    )
    assert counts(api.post("trades/", again)) == (0, 0, 1, 0)


def test_a_higher_revision_corrects_and_a_lower_one_is_stale(api):
    api.post("trades/", payload(revision=1))
    corrected = api.post("trades/", payload(revision=2, exit_price=103))
    stale = api.post("trades/", payload(revision=0, exit_price=99))
    assert (corrected.status_code, counts(corrected)) == (201, (0, 1, 0, 0))
    assert (stale.status_code, counts(stale)) == (200, (0, 0, 1, 0))
    assert api.get("trades/").json()["trades"][0]["exit_price"] == "103"
    assert TradeRevision.objects.get().content["exit_price"] == "102"


def test_the_same_revision_with_other_content_is_a_conflict(api):
    api.post("trades/", payload())
    answer = api.post("trades/", payload(exit_price=103))
    assert answer.status_code == 400
    assert answer.json()["rejected"] == [
        {
            "index": 0,
            "id": "t-1",
            "errors": {
                "revision": ["is stored already with other content; send a higher revision"]
            },
        }
    ]


def test_good_rows_are_kept_and_bad_ones_named_by_index(api):
    batch = [payload(id=f"t-{number}") for number in range(1000)]
    bad = {number * 27: field for number, field in enumerate(["size", "side", "market"] * 12)}
    wrong = {"size": 0, "side": "LONG", "market": "B C"}
    for index, field in bad.items():
        batch[index][field] = wrong[field]
    answer = api.post("trades/", batch)
    assert (answer.status_code, counts(answer)) == (207, (1000 - len(bad), 0, 0, len(bad)))
    assert {row["index"]: list(row["errors"]) for row in answer.json()["rejected"]} == {
        index: [field] for index, field in bad.items()
    }
    again = api.post("trades/", batch)
    assert (again.status_code, counts(again)) == (207, (0, 0, 1000 - len(bad), len(bad)))
    mended = [payload(id=f"t-{index}") for index in bad]
    assert counts(api.post("trades/", mended)) == (len(bad), 0, 0, 0)


def test_rows_without_a_shape_are_refused_where_they_stand(api):
    answer = api.post("trades/", [None, payload(), 7, [], "x", payload(id="t-2", size=True)])
    assert (answer.status_code, counts(answer)) == (207, (1, 0, 0, 5))
    assert [row["index"] for row in answer.json()["rejected"]] == [0, 2, 3, 4, 5]


def test_all_errors_of_a_row_are_told_at_once(api):
    answer = api.post("trades/", payload(id="a b", size=-1, side="up", exit_time="yesterday"))
    assert set(answer.json()["rejected"][0]["errors"]) == {"id", "size", "side", "exit_time"}
    shape = api.post("trades/", payload(id=5, sise=1, mode=None))
    assert set(shape.json()["rejected"][0]["errors"]) == {"id", "sise", "mode"}


def test_a_batch_that_repeats_an_id_counts_it_once(api):
    batch = [payload(), payload(), payload(revision=3, exit_price=101), payload(revision=2)]
    assert counts(api.post("trades/", batch)) == (1, 0, 3, 0)
    assert api.get("trades/").json()["trades"][0]["revision"] == 3


def test_a_trade_comes_back_as_it_was_sent(api):
    sent = payload(
        entry_price="0.000012",
        exit_price="0.0000125",
        size="123456789.123456",
        fee="-0.5",
        pnl="61.2",
        pnl_pct=4.1,
        stop_loss="0.00001",
        parameter_set=1,
        arm="b",
        mode="paper",
        tag="<b>&'\"\r\n=1+1",
        currency="EUR",
        leverage=2.5,
        context={"volatility_bps": 12.5, "reached_tp": True, "mine": {"deep": [1, None]}},
    )
    assert api.post("trades/", sent).status_code == 201
    found = api.get("trades/").json()["trades"][0]
    kept = {name: value for name, value in sent.items() if not name.endswith("_time")}
    assert {name: found[name] for name in kept} == kept
    assert found["entry_time"] == "2025-03-03T01:00:00.000000Z"


def test_the_dollar_names_stand_for_pnl_and_fee(api):
    api.post("trades/", payload(pnl_usd="1.5", fee_usd=0.25))
    found = api.get("trades/").json()["trades"][0]
    assert (found["pnl"], found["fee"]) == ("1.5", "0.25")
    both = api.post("trades/", payload(id="t-2", pnl=1, pnl_usd=2))
    assert list(both.json()["rejected"][0]["errors"]) == ["pnl"]


def test_pages_go_back_in_time_without_loss_or_repeat(api):
    api.post(
        "trades/",
        [payload(id=f"t-{n}", exit_time=MONDAY_SECONDS + 7200 + n % 7) for n in range(25)],
    )
    seen, cursor = [], ""
    while cursor is not None:
        found = api.get(f"trades/?limit=4{cursor and '&cursor=' + cursor}").json()
        seen += found["trades"]
        cursor = found["next"]
    assert len({trade["id"] for trade in seen}) == len(seen) == 25
    times = [trade["exit_time"] for trade in seen]
    assert times == sorted(times, reverse=True)


@pytest.fixture
def three(api):
    with clock.at(NOW):
        two_sets(api.bot)
        api.post(
            "trades/",
            [
                payload(),
                payload(id="t-2", market="ETH", mode="paper", exit_reason="stop_loss"),
                payload(
                    id="t-3",
                    strategy="rsi_bb@sol",
                    entry_time=MONDAY_SECONDS + 3 * 86_400,
                    exit_time=MONDAY_SECONDS + 3 * 86_400 + 60,
                ),
                payload(
                    id="t-4",
                    entry_time=MONDAY_SECONDS + 3 * 86_400,
                    exit_time=MONDAY_SECONDS + 3 * 86_400 + 61,
                ),
            ],
        )
    return api


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["t-4", "t-3", "t-2", "t-1"]),
        ("strategy=rsi_bb", ["t-4", "t-2", "t-1"]),
        ("strategy=mean_reversion@sol", ["t-3"]),
        ("market=ETH", ["t-2"]),
        ("market=eth", []),
        ("mode=live", ["t-4", "t-3", "t-1"]),
        ("mode=paper", ["t-2"]),
        ("reason=stop_loss", ["t-2"]),
        ("version=2", ["t-4"]),
        ("version=7", []),
        ("since=2025-03-04T00:00:00Z", ["t-4", "t-3"]),
        ("since=2025-03-04T00:00:00%2B00:00", ["t-4", "t-3"]),
        ("until=1741046400", ["t-2", "t-1"]),
        ("since=2025-03-03&until=2025-03-04", None),
        ("limit=1", ["t-4"]),
        ("limit=501", None),
        ("limit=" + "1" * 5000, None),
        ("limit=-1", None),
        ("limit=", None),
        ("limit=1&limit=2", None),
        ("mode=Live", None),
        ("strategy=nobody", None),
        ("market=%00", None),
        ("cursor=9-x", None),
        ("cursor=" + "9" * 30 + "-1", None),
        ("version=0", None),
        ("sort=id", None),
        ("exit_reason__regex=(a%2B)%2B$", None),
    ],
)
def test_filters_narrow_and_wrong_ones_are_refused(three, query, ids):
    answer = three.get(f"trades/?{query}")
    if ids is None:
        assert answer.status_code == 400
        assert set(answer.json()) & {part.partition("=")[0] for part in query.split("&")}
    else:
        assert [trade["id"] for trade in answer.json()["trades"]] == ids


def test_a_bot_sees_its_own_trades_and_no_others(api, other):
    api.post("trades/", payload())
    assert other.get("trades/").json() == {"trades": [], "next": None}
    assert counts(other.post("trades/", payload(exit_price=99))) == (1, 0, 0, 0)
    assert api.get("trades/").json()["trades"][0]["exit_price"] == "102"
