"""The live values of a strategy in a form: sent, reviewed, confirmed, or overtaken."""

import re
from html import unescape

import pytest
from django.urls import reverse

from trading.admin.forms import ParametersForm
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


def carried(page):
    """What the hidden fields of a page send on."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(text) for name, text in found if name != "csrfmiddlewaretoken"}


def confirmed(client, address, sent):
    """Send a form, look at the difference, confirm it."""
    page = client.post(address, sent).content.decode()
    return client.post(address, {**carried(page), "step": "confirm"}, follow=True)


def versions(instance):
    return list(
        ParameterSet.objects.filter(instance=instance)
        .order_by("version")
        .values_list("version", flat=True)
    )


def test_sending_the_form_shows_the_difference_and_saves_nothing(owner, instance, address):
    answer = owner.post(address, filled(instance, stop_loss_bps="5.5", enable_trailing_stop=True))
    assert versions(instance) == [1]
    assert [(each.name, each.old, each.new, each.step) for each in answer.context["changes"]] == [
        ("stop_loss_bps", "4 bps", "5.5 bps", "+1.5 bps, +38%"),
        ("enable_trailing_stop", "off", "on", ""),
    ]
    page = answer.content.decode()
    assert "Make version 2 live" in page
    assert "tighter" in page


def test_a_confirmed_change_makes_a_version_that_is_live(owner, instance, address):
    answer = confirmed(owner, address, filled(instance, stop_loss_bps="5.5"))
    assert "Version 2 of rsi_bb is live" in answer.content.decode()
    made = ParameterSet.objects.get(instance=instance, version=2)
    assert made.values == {**get("rsi_bb").defaults(), "stop_loss_bps": 5.5}
    assert (made.reason, made.origin, made.author.username) == ("tighter", "admin", "owner")
    instance.live.refresh_from_db()
    assert instance.live.parameter_set == made


def test_what_is_confirmed_is_judged_again(owner, instance, address):
    page = owner.post(address, filled(instance, stop_loss_bps="5.5")).content.decode()
    forged = {**carried(page), "stop_loss_bps": "-1", "step": "confirm"}
    assert "stop_loss_bps" in owner.post(address, forged).context["form"].errors
    assert versions(instance) == [1]


def test_a_box_that_was_unchecked_stays_so_to_the_end(owner, instance, address):
    assert instance.live.parameter_set.values["adaptive_cooldown"] is True
    confirmed(owner, address, filled(instance, adaptive_cooldown=False))
    made = ParameterSet.objects.get(instance=instance, version=2)
    assert made.values["adaptive_cooldown"] is False


def test_back_from_the_difference_everything_stands_as_it_was_typed(owner, instance, address):
    sent = filled(instance, stop_loss_bps="5.50", adaptive_cooldown=False, reason='"because"')
    page = owner.post(address, sent).content.decode()
    answer = owner.post(address, {**carried(page), "step": "edit"})
    page = answer.content.decode()
    assert 'value="5.50"' in page
    assert "&quot;because&quot;" in page
    assert not answer.context["form"]["adaptive_cooldown"].value()
    assert "Please correct the highlighted fields" not in page
    assert versions(instance) == [1]


def test_without_a_reason_nothing_is_saved_and_the_values_stay_in_the_form(
    owner, instance, address
):
    answer = owner.post(address, filled(instance, stop_loss_bps="5.5", reason="  "))
    page = answer.content.decode()
    assert versions(instance) == [1]
    assert "Enter what changes and why." in page
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
    assert "Please correct the highlighted fields." in box
    links = (
        ("ema_fast_period", "EMA fast period must be below EMA slow period (21)."),
        ("rsi_period", "RSI period must be a number."),
        ("reason", "Reason is required."),
    )
    for name, text in links:
        assert f'<a href="#id_{name}">{text}</a>' in box
        assert f'id="id_{name}"' in page


def test_a_message_names_no_parameter_by_its_key(owner, instance, address):
    wrong = filled(instance, rsi_bearish_threshold="70", rsi_bullish_threshold="60")
    errors = owner.post(address, wrong).context["form"].errors
    assert errors == {"rsi_bearish_threshold": ["Must not be above RSI bullish threshold (60)."]}


def test_an_unchanged_form_makes_no_version_and_says_so(owner, instance, address):
    answer = owner.post(address, filled(instance), follow=True)
    assert versions(instance) == [1]
    assert "No change" in answer.content.decode()


@pytest.fixture
def overtaken(instance):
    """A form that was opened on version 1; version 2 went live before it is sent."""
    late = filled(instance, stop_loss_bps="5.5")
    promote(
        instance=instance,
        values={"take_profit_bps": 20, "max_losing_streak": 5},
        reason="meanwhile <b>",
        origin=Origin.API,
    )
    return late


@pytest.mark.parametrize("step", ["review", "confirm"])
def test_who_was_overtaken_sees_by_what_and_saves_nothing(
    owner, instance, address, overtaken, step
):
    answer = owner.post(address, {**overtaken, "step": step})
    page = answer.content.decode()
    assert versions(instance) == [1, 2]
    assert "meanwhile &lt;b&gt;" in page
    assert [(each.name, each.old, each.new) for each in answer.context["theirs"]] == [
        ("take_profit_bps", "8 bps", "20 bps"),
        ("max_losing_streak", "3 trades", "5 trades"),
    ]
    assert [(each.name, each.old, each.new) for each in answer.context["mine"]] == [
        ("stop_loss_bps", "4 bps", "5.5 bps")
    ]
    assert answer.context["both"] == []


def test_the_own_change_is_applied_on_top_after_another_look(owner, instance, address, overtaken):
    page = owner.post(address, overtaken).content.decode()
    review = owner.post(address, {**carried(page), "step": "review"})
    assert [each.name for each in review.context["changes"]] == ["stop_loss_bps"]
    owner.post(address, {**carried(review.content.decode()), "step": "confirm"})
    made = ParameterSet.objects.get(instance=instance, version=3)
    both = {"take_profit_bps": 20.0, "max_losing_streak": 5, "stop_loss_bps": 5.5}
    assert made.values == {**get("rsi_bb").defaults(), **both}
    assert made.reason == "tighter"


def test_who_is_overtaken_in_the_last_moment_sees_by_what(owner, instance, address, monkeypatch):
    """Between the look at what is live and the change, somebody else is faster."""
    page = owner.post(address, filled(instance, stop_loss_bps="5.5")).content.decode()

    def slowly(**change):
        monkeypatch.undo()
        meanwhile = {"take_profit_bps": 20}
        promote(instance=instance, values=meanwhile, reason="faster", origin=Origin.API)
        return promote(**change)

    monkeypatch.setattr("trading.parameters.promote", slowly)
    answer = owner.post(address, {**carried(page), "step": "confirm"})
    assert [each.name for each in answer.context["theirs"]] == ["take_profit_bps"]
    assert [each.name for each in answer.context["mine"]] == ["stop_loss_bps"]
    assert versions(instance) == [1, 2]


def test_a_value_that_both_changed_is_pointed_out(owner, instance, address, overtaken):
    answer = owner.post(address, {**overtaken, "take_profit_bps": "12"})
    assert [each.name for each in answer.context["both"]] == ["take_profit_bps"]
    page = answer.content.decode()
    assert "Both of you changed" in page


def test_the_same_change_made_twice_is_made_once(owner, instance, address, overtaken):
    same = {**overtaken, "stop_loss_bps": "4", "take_profit_bps": "20"}
    answer = owner.post(address, same, follow=True)
    assert "already has your values" in answer.content.decode()
    assert versions(instance) == [1, 2]


@pytest.mark.parametrize("seen", ["", "77", "-1", "x", "1" * 30])
def test_a_form_that_cannot_say_what_it_showed_is_not_saved(owner, instance, address, seen):
    answer = owner.post(address, filled(instance, stop_loss_bps="5.5", seen_version=seen))
    assert "Reload the page" in answer.content.decode()
    assert versions(instance) == [1]


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", "{{ 7 }}", "'\"><img src=x>", "=1+1", "a" * 500]
)
def test_whatever_stands_in_a_reason_is_shown_as_text(owner, instance, address, hostile):
    sent = filled(instance, stop_loss_bps="5.5", reason=hostile)
    for page in (owner.post(address, sent), confirmed(owner, address, sent)):
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert unescape(text).count(hostile) >= 1


def test_a_reason_of_several_lines_counts_each_end_of_a_line_once(owner, instance, address):
    reason = "a" * 249 + "\r\n" + "b" * 250
    confirmed(owner, address, filled(instance, stop_loss_bps="5.5", reason=reason))
    assert ParameterSet.objects.get(instance=instance, version=2).reason.count("\n") == 1


def test_a_reason_that_is_too_long_is_refused_at_its_field(owner, instance, address):
    answer = owner.post(address, filled(instance, stop_loss_bps="5.5", reason="a" * 501))
    assert "reason" in answer.context["form"].errors
    assert versions(instance) == [1]


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
