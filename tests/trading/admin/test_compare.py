"""Two versions side by side."""

import pytest
from django.urls import reverse

from trading.parameters import instance_for


def address(instance):
    return reverse("admin:trading_strategyinstance_compare", args=[instance.pk])


def cells(answer, label):
    (row,) = [row for row in answer.context["metrics"] if row["label"] == label]
    return [side["cell"].text for side in row["cells"]]


def test_what_differs_stands_first_and_results_beside_each_other(owner, tuned):
    answer = owner.get(address(tuned), {"one": "2", "two": "3"})
    assert [(c.name, c.old, c.new) for c in answer.context["changes"]] == [
        ("stop_loss_bps", "4 bps", "6 bps")
    ]
    same = [row["name"] for group in answer.context["same"] for row in group["rows"]]
    assert "stop_loss_bps" not in same
    assert "take_profit_bps" in same
    assert cells(answer, "Trades") == ["40", "40"]
    assert cells(answer, "Average PnL %") == ["+0.1000%", "+0.3000%"]
    assert cells(answer, "Win rate") == ["75.0%", "100.0%"]
    assert "significant" in answer.context["effect"]
    assert [line["last"] for line in answer.context["curves"]["lines"]] == ["+4.000%", "+12.000%"]


def test_without_a_choice_the_live_version_stands_beside_the_newest_other(owner, tuned):
    answer = owner.get(address(tuned))
    assert (answer.context["version_a"].version, answer.context["version_b"].version) == (3, 4)
    assert "Roll back to version 3" in answer.content.decode()
    assert "Roll back to version 4" not in answer.content.decode()


def test_versions_without_trades_are_compared_by_their_values(owner, bot):
    instance = instance_for(bot, "rsi_bb")
    page = owner.get(address(instance)).content.decode()
    assert "Only one version so far" in page
    answer = owner.get(address(instance), {"one": "1", "two": "1"})
    assert "No value differs" in answer.content.decode()
    assert "Neither version has a closed trade yet" in answer.content.decode()


@pytest.mark.parametrize("one", ["9", "", "x", "-1", "1" * 40])
def test_a_version_that_is_not_there_is_said_to_be_none(owner, tuned, one):
    answer = owner.get(address(tuned), {"one": one, "two": "3"})
    assert answer.status_code == 200
    assert answer.context["form"].errors
