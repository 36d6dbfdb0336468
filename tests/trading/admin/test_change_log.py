"""The flat table of parameter changes."""

import csv
import io

import pytest
from django.urls import reverse

from trading.models import Bot, Origin
from trading.parameters import instance_for, promote

TABLE = "/admin/trading/strategyinstance/changes/"
EXPORT = f"{TABLE}export.csv"


@pytest.fixture
def changed(tuned):
    """Another strategy of the same bot changes a value, with a reason that is no formula."""
    instance = instance_for(tuned.bot, "renko_ao")
    values = {"max_losing_streak": 7}
    promote(instance=instance, values=values, reason="=HYPERLINK(1)", origin=Origin.API)
    return tuned


def texts(answer):
    return [[cell.text for cell in row] for row in answer.context["rows"]]


def lines(answer):
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_every_change_is_a_row_with_before_and_after(owner, changed):
    told = texts(owner.get(TABLE))
    assert [row[1:6] for row in told] == [
        ["renko_ao", "v2", "Max losing streak", "5 trades", "7 trades"],
        ["rsi_bb", "v4", "Stop loss", "6 bps", "4 bps"],
        ["rsi_bb", "v3", "Stop loss", "4 bps", "6 bps"],
    ]
    assert told[2][6:10] == ["40", "+0.1000%", "40", "+0.3000%"]
    assert told[1][6:10] == ["40", "+0.3000%", "3", "–"]
    assert told[1][10:] == ["import", "Too loose"]


@pytest.mark.parametrize(
    ("query", "versions"),
    [
        ({"strategy": "renko_ao"}, ["v2"]),
        ({"parameter": "stop_loss_bps"}, ["v4", "v3"]),
        ({"strategy": "rsi_bb", "parameter": "max_losing_streak"}, []),
        ({"since": "2025-04-01", "until": "2025-04-30"}, ["v4"]),
        ({"until": "2025-03-21"}, ["v3"]),
        ({"mode": "paper", "strategy": "rsi_bb"}, ["v4", "v3"]),
        ({"bot": "beta"}, []),
    ],
)
def test_the_table_is_filtered(owner, changed, query, versions):
    Bot.objects.create(name="beta")
    assert [row[2] for row in texts(owner.get(TABLE, query))] == versions


def test_the_values_a_strategy_began_with_are_shown_when_asked_for(owner, changed):
    told = texts(
        owner.get(TABLE, {"first": "yes", "strategy": "rsi_bb", "parameter": "stop_loss_bps"})
    )
    assert [row[4] for row in told] == ["6 bps", "4 bps", "–"]


@pytest.mark.parametrize(
    "query",
    [
        {"bot": "nobody"},
        {"strategy": "<script>"},
        {"parameter": "nothing"},
        {"since": "yesterday"},
        {"since": "2025-02-02", "until": "2025-01-01"},
        {"mode": "both"},
    ],
)
def test_a_filter_that_means_nothing_is_refused_at_its_field(owner, changed, query):
    answer = owner.get(TABLE, query)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert answer.context["rows"] == []
    assert owner.get(EXPORT, query).status_code == 400


def test_the_download_has_the_columns_of_the_contract_and_no_formula(owner, changed):
    found = lines(owner.get(EXPORT, {"strategy": "renko_ao"}))
    assert list(found[0]) == [
        "strategy",
        "parameter_name",
        "old_value",
        "new_value",
        "changed_at",
        "changed_by",
        "reason",
        "version",
        "performance_before",
        "performance_after",
        "trades_before",
        "trades_after",
    ]
    assert [(row["parameter_name"], row["new_value"]) for row in found] == [
        ("max_losing_streak", "7")
    ]
    assert found[0]["reason"] == "'=HYPERLINK(1)"


def test_a_long_table_has_pages(owner, bot):
    instance = instance_for(bot, "rsi_bb")
    for number in range(103):
        values = {"max_losing_streak": number % 9 + 4}
        promote(instance=instance, values=values, reason=f"step {number}", origin=Origin.API)
    first = owner.get(TABLE)
    older = owner.get(f"{TABLE}{first.context['links']['older']}")
    seen = [row[2] for page in (first, older) for row in texts(page)]
    assert seen == [f"v{number}" for number in range(104, 1, -1)]
    assert len(lines(owner.get(EXPORT))) == 103
    assert owner.get(TABLE, {"page": "x" * 30}).status_code == 200


def test_without_a_bot_or_a_change_the_table_says_what_to_do(owner, db):
    assert "No bots yet" in owner.get(TABLE).content.decode()
    instance_for(Bot.objects.create(name="beta"), "rsi_bb")
    assert "No parameter of beta has changed yet" in owner.get(TABLE).content.decode()


def test_the_table_is_closed_to_who_may_not_see_strategies(guest, changed):
    assert guest.get(TABLE).status_code == 403
    assert guest.get(EXPORT).status_code == 403
    assert reverse("admin:trading_strategyinstance_changes") == TABLE
