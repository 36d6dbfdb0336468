"""The page of a strategy: its live values in a form, and their history."""

import pytest
from django.urls import reverse

from trading.forms import ParametersForm
from trading.models import Origin, ParameterSet
from trading.parameters import instance_for, promote
from trading.strategies import REGISTRY, get


@pytest.fixture
def instance(bot):
    return instance_for(bot, "rsi_bb")


@pytest.fixture
def address(instance):
    return reverse("admin:trading_strategyinstance_change", args=[instance.pk])


def filled(instance, **changed):
    """What a browser sends: a checked box is on, an empty one is absent."""
    made = instance.live.parameter_set
    values = {**made.values, "seen_version": made.version, "reason": "tighter", **changed}
    return {name: "on" if raw is True else raw for name, raw in values.items() if raw is not False}


def versions(instance):
    return list(
        ParameterSet.objects.filter(instance=instance)
        .order_by("version")
        .values_list("version", flat=True)
    )


def test_a_change_with_a_reason_makes_a_version_that_is_live(owner, instance, address):
    answer = owner.post(address, filled(instance, stop_loss_bps="5.5"), follow=True)
    assert "Version 2 of rsi_bb is live" in answer.content.decode()
    made = ParameterSet.objects.get(instance=instance, version=2)
    assert made.values == {**get("rsi_bb").defaults(), "stop_loss_bps": 5.5}
    assert (made.reason, made.origin, made.author.username) == ("tighter", "admin", "owner")
    instance.live.refresh_from_db()
    assert instance.live.parameter_set == made


def test_without_a_reason_nothing_is_saved_and_the_values_stay_in_the_form(
    owner, instance, address
):
    answer = owner.post(address, filled(instance, stop_loss_bps="5.5", reason="  "))
    page = answer.content.decode()
    assert versions(instance) == [1]
    assert "Say what changes and why." in page
    assert 'value="5.5"' in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"stop_loss_bps": "0"}, "stop_loss_bps"),
        ({"stop_loss_bps": ""}, "stop_loss_bps"),
        ({"stop_loss_bps": "1e999"}, "stop_loss_bps"),
        ({"stop_loss_bps": "four"}, "stop_loss_bps"),
        ({"rsi_period": "14.5"}, "rsi_period"),
        ({"smoothing": "none"}, "smoothing"),
        ({"ema_fast_period": "50", "ema_slow_period": "20"}, "ema_fast_period"),
    ],
)
def test_an_error_stands_at_the_field_that_is_to_blame(owner, instance, address, changed, field):
    answer = owner.post(address, filled(instance, **changed))
    assert field in answer.context["form"].errors
    assert versions(instance) == [1]


def test_the_errors_are_listed_at_the_top_each_with_a_link_to_its_field(owner, instance, address):
    wrong = {"ema_fast_period": "50", "ema_slow_period": "21", "rsi_period": "x", "reason": ""}
    page = owner.post(address, filled(instance, **wrong)).content.decode()
    box = page.partition('role="alert"')[2].partition("</ul>")[0]
    assert "Nothing was saved." in box
    links = (
        ("ema_fast_period", "EMA fast period must be below EMA slow period (21)."),
        ("rsi_period", "RSI period must be a number."),
        ("reason", "Reason is missing."),
    )
    for name, text in links:
        assert f'<a href="#id_{name}">{text}</a>' in box
        assert f'id="id_{name}"' in page


def test_a_message_names_no_parameter_by_its_key(owner, instance, address):
    wrong = filled(instance, rsi_bearish_threshold="70", rsi_bullish_threshold="60")
    errors = owner.post(address, wrong).context["form"].errors
    assert errors == {
        "rsi_bearish_threshold": ["Must not be above RSI bullish threshold (60)."],
    }


def test_an_unchanged_form_makes_no_version_and_says_so(owner, instance, address):
    answer = owner.post(address, filled(instance), follow=True)
    assert versions(instance) == [1]
    assert "Nothing was changed" in answer.content.decode()


def test_a_form_opened_before_another_change_is_not_saved_over_it(owner, instance, address):
    late = filled(instance, stop_loss_bps="5.5")
    promote(
        instance=instance,
        values={"take_profit_bps": 20},
        reason="meanwhile",
        origin=Origin.API,
    )
    answer = owner.post(address, late)
    assert "went live while this page was open" in answer.content.decode()
    assert versions(instance) == [1, 2]


def test_the_history_says_who_when_why_and_what(owner, instance, address):
    owner.post(address, filled(instance, stop_loss_bps="5.5", enable_trailing_stop=True))
    move = owner.get(address).context["moves"][0]
    assert move["by"].username == "owner"
    assert (move["before"].version, move["after"].version) == (1, 2)
    assert move["reason"] == "tighter"
    assert {(c["name"], c["old"], c["new"]) for c in move["changes"]} == {
        ("stop_loss_bps", "4 bps", "5.5 bps"),
        ("enable_trailing_stop", "no", "yes"),
    }


@pytest.mark.parametrize("key", list(REGISTRY))
def test_the_form_of_every_strategy_shows_each_parameter_once_and_takes_its_own_values(key):
    strategy = get(key)
    values = strategy.defaults()
    sent = {name: "on" if raw is True else raw for name, raw in values.items() if raw is not False}
    form = ParametersForm(strategy, values, 3, {**sent, "reason": "x", "seen_version": "3"})
    shown = [row["field"].name for group in form.groups() for row in group["fields"]]
    assert sorted(shown) == sorted(values)
    assert form.is_valid(), form.errors
    assert form.unchanged
    unbound = ParametersForm(strategy, values, 3)
    assert {name: unbound[name].value() for name in values} == values
