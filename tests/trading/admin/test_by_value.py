"""Which value of a parameter did best, and what the live ones did so far."""

import pytest
from django.urls import reverse

from trading.models import Origin
from trading.parameters import by_value, instance_for, promote
from trading.strategies import get


def address(instance, name="stop_loss_bps"):
    return reverse("admin:trading_strategyinstance_values", args=[instance.pk, name])


def test_versions_that_share_a_value_count_together(owner, tuned):
    answer = owner.get(address(tuned))
    told = [
        (row["label"], row["trades"], row["average"].text, row["versions"])
        for row in answer.context["rows"]
    ]
    # 40 trades of 0.1% and three of 0.1% in the mean; 40 of 0.3 %.
    assert told == [("4 bps", 43, "+0.1000%", [2, 4]), ("6 bps", 40, "+0.3000%", [3])]
    page = answer.content.decode()
    assert "6 did best" in page
    assert "43 trades" in page
    assert answer.context["picture"]["rows"][1]["dot"] > answer.context["picture"]["rows"][0]["dot"]
    assert answer.context["steps"]["points"]


def test_a_value_that_was_never_changed_has_no_picture_of_changes(owner, tuned):
    answer = owner.get(address(tuned, "take_profit_bps"))
    assert [row["trades"] for row in answer.context["rows"]] == [83]
    assert not answer.context["steps"]
    assert "two values need 30 trades each" in answer.content.decode()


def test_without_trades_the_page_says_that_there_are_none(owner, bot):
    answer = owner.get(address(instance_for(bot, "rsi_bb")))
    assert not answer.context["picture"]
    assert "two values need 30 trades each" in answer.content.decode()


@pytest.mark.parametrize("name", ["smoothing", "enable_trailing_stop", "max_losing_streak"])
def test_words_and_switches_have_a_page_too(owner, tuned, name):
    values = {"smoothing": "wilder", "enable_trailing_stop": True, "max_losing_streak": 5}
    promote(instance=tuned, values=values, reason="try", origin=Origin.API)
    answer = owner.get(address(tuned, name))
    assert len(answer.context["rows"]) == 2
    assert [row["live"] for row in answer.context["rows"]].count(True) == 1


@pytest.mark.parametrize("name", ["nothing", "<script>", "1"])
def test_a_parameter_that_is_not_there_leads_back(owner, tuned, name):
    answer = owner.get(f"/admin/trading/strategyinstance/{tuned.pk}/values/{name}/", follow=True)
    assert "has no such parameter" in answer.content.decode()


def test_the_form_says_what_each_live_value_did_so_far(owner, tuned):
    page = reverse("admin:trading_strategyinstance_change", args=[tuned.pk])
    groups = owner.get(page).context["groups"]
    told = {row["field"].name: row["so_far"] for group in groups for row in group["fields"]}
    # 33 of the 43 trades under 4 bps won: 30 + 2, and 1 more; all 40 did under 6 bps.
    assert told["stop_loss_bps"] == "43 trades, win rate 74.4%, average +0.1000%"
    assert told["take_profit_bps"] == "83 trades, win rate 86.7%, average +0.1964%"
    assert list(told) == list(get("rsi_bb").defaults())


def test_a_value_without_trades_says_so(owner, tuned):
    promote(instance=tuned, values={"stop_loss_bps": 9}, reason="wider", origin=Origin.API)
    live = {**get("rsi_bb").defaults(), "stop_loss_bps": 9.0}
    told = by_value.so_far(tuned, live, "live")
    assert told["stop_loss_bps"] is None
    assert told["rsi_period"]["trades"] == 83
