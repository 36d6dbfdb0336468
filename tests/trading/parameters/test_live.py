from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from tests.trading.ingest.test_delivery import at_once
from tests.trading.story import MONDAY, NOW, WEDNESDAY_NOON, make_bot, two_sets
from trading import clock
from trading.models import LivePeriod, LiveSet, Origin, ParameterSet, StrategyInstance
from trading.parameters import Refused, instance_for, live_for, promote
from trading.strategies import UnknownStrategy, get

pytestmark = pytest.mark.django_db


def change(instance: StrategyInstance, at=NOW, **given) -> ParameterSet:
    known = {"values": {}, "reason": "Because", "origin": Origin.ADMIN}
    with clock.at(at):
        return promote(instance=instance, **(known | given))


@pytest.fixture
def instance() -> StrategyInstance:
    bot = make_bot()
    two_sets(bot)
    return bot.instances.get()


def test_a_strategy_first_seen_starts_with_its_declared_defaults_live():
    bot = make_bot()
    with clock.at(MONDAY):
        live = live_for(bot, "mean_reversion")
    assert (live.version, live.values) == (1, get("rsi_bb").defaults())
    assert (live.origin, live.created_at) == (Origin.DEFAULT, MONDAY)
    assert live.instance.live.live_from == MONDAY


def test_an_instance_is_made_once_under_any_of_its_names():
    bot = make_bot()
    first = instance_for(bot, "rsi_bb")
    assert instance_for(bot, "mean_reversion") == first
    assert instance_for(bot, "rsi_bb@sol") != first
    assert instance_for(make_bot("Juno"), "rsi_bb") != first
    assert ParameterSet.objects.filter(instance=first).count() == 1


def test_an_unknown_strategy_makes_no_instance():
    with pytest.raises(UnknownStrategy):
        instance_for(make_bot(), "no_such")
    assert not StrategyInstance.objects.exists()


def test_a_promotion_makes_the_next_version_and_moves_the_pointer(instance):
    made = change(instance, values={"max_hold_minutes": 7}, reason=" Longer ")
    assert (made.version, made.reason, made.created_at) == (3, "Longer", NOW)
    assert made.values == get("rsi_bb").defaults() | {"max_hold_minutes": 7}
    live = LiveSet.objects.get(strategy_instance=instance)
    assert (live.parameter_set, live.live_from, live.reason) == (made, NOW, "Longer")


def test_every_move_of_the_pointer_leaves_one_history_row_with_who_and_why(instance):
    owner = get_user_model().objects.create_user("owner")
    before = instance.live.parameter_set
    made = change(instance, reason="x" * 500, author=owner)
    rows = list(LiveSet.history.filter(strategy_instance=instance).order_by("history_id"))
    assert len(rows) == 3
    assert [row.parameter_set for row in rows[-2:]] == [before, made]
    assert (rows[-1].history_user, rows[-1].history_change_reason) == (owner, "x" * 500)
    assert rows[-1].parameter_set == instance.__class__.objects.get().live.parameter_set


@pytest.mark.parametrize("reason", ["", "   ", None, "x" * 501, "a\x00b", "\ud800"])
def test_a_reason_is_required_short_and_storable(instance, reason):
    with pytest.raises(Refused) as refusal:
        change(instance, reason=reason)
    assert set(refusal.value.errors) == {"reason"}
    assert instance.parameter_sets.count() == 2


def test_bad_values_are_refused_by_name_and_change_nothing(instance):
    with pytest.raises(Refused) as refusal:
        change(instance, values={"max_hold_minutes": -1, "no_such": 1})
    assert {"max_hold_minutes", "no_such"} <= set(refusal.value.errors)
    assert instance.parameter_sets.count() == 2
    assert LiveSet.history.count() == 2


def test_a_set_that_goes_live_in_the_future_is_refused(instance):
    with pytest.raises(Refused, match="future"):
        change(instance, live_from=NOW + timedelta(seconds=1))


def test_two_sets_that_go_live_at_one_moment_are_refused(instance):
    with pytest.raises(Refused, match="very moment"):
        change(instance, live_from=WEDNESDAY_NOON)


def test_a_back_dated_set_leaves_the_pointer_where_a_later_set_is_live(instance):
    live = instance.live.parameter_set
    made = change(instance, live_from=MONDAY + timedelta(days=1))
    assert LiveSet.objects.get().parameter_set == live
    assert LiveSet.history.count() == 2
    assert LivePeriod.objects.get(parameter_set=made).live_from == MONDAY + timedelta(days=1)


def test_a_back_dated_set_after_the_live_one_becomes_live(instance):
    made = change(instance, live_from=WEDNESDAY_NOON + timedelta(days=1))
    assert LiveSet.objects.get().parameter_set == made


def test_what_was_imported_as_live_is_live_where_defaults_were_only_assumed():
    bot = make_bot()
    with clock.at(NOW):
        instance = instance_for(bot, "rsi_bb")
    made = change(instance, values={"rsi_period": 21}, live_from=MONDAY)
    assert LiveSet.objects.get().parameter_set == made
    assert instance.live_periods.get().parameter_set == made
    assert live_for(bot, "rsi_bb").values["rsi_period"] == 21


def test_two_changes_while_simulated_time_stands_still_are_both_kept_and_the_later_is_live():
    bot = make_bot()
    with clock.at(NOW):
        instance = instance_for(bot, "rsi_bb")
        first, second = (
            promote(instance=instance, values={}, reason=reason, origin=Origin.API)
            for reason in ("One", "Two")
        )
    assert LiveSet.objects.get().parameter_set == second
    starts = list(instance.live_periods.values_list("live_from", flat=True))
    assert starts == [NOW, NOW + clock.MICROSECOND, NOW + 2 * clock.MICROSECOND]
    assert first.version == 2


def test_a_failure_in_the_middle_leaves_the_old_set_live(instance, monkeypatch):
    def fail(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr("trading.parameters.live._make_live", fail)
    with pytest.raises(OSError, match="disk"):
        change(instance)
    assert instance.parameter_sets.count() == 2
    assert instance.live_periods.count() == 2
    assert LiveSet.objects.get().parameter_set.version == 2


@pytest.mark.parametrize("model", [ParameterSet, LivePeriod, LiveSet])
def test_bulk_ways_around_the_door_are_refused(instance, model):
    rows = list(model.objects.all())
    with pytest.raises(TypeError):
        model.objects.update(id=1)
    with pytest.raises(TypeError):
        model.objects.filter(pk=rows[0].pk).update(id=1)
    with pytest.raises(TypeError):
        model.objects.bulk_update(rows, ["id"])


def test_the_database_itself_holds_one_live_set_and_one_set_per_version(instance):
    first = instance.parameter_sets.get(version=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        LiveSet(strategy_instance=instance, parameter_set=first, live_from=NOW).save()
    with pytest.raises(IntegrityError), transaction.atomic():
        ParameterSet.objects.create(instance=instance, version=1, values={}, reason="x")


@pytest.mark.django_db(transaction=True)
def test_two_promotions_at_once_make_two_versions_and_one_is_live():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    start = clock.now() + timedelta(days=1)

    def promoting(offset):
        def run():
            mine = StrategyInstance.objects.get(pk=instance.pk)
            for number in range(5):
                change(mine, at=start + timedelta(seconds=number, microseconds=offset))

        return run

    assert at_once(promoting(0), promoting(1)) == []
    assert sorted(instance.parameter_sets.values_list("version", flat=True)) == list(range(1, 12))
    newest = LivePeriod.objects.filter(instance=instance).order_by("live_from").last()
    live = LiveSet.objects.get()
    assert live.parameter_set == newest.parameter_set
    assert LiveSet.history.latest("history_id").parameter_set == live.parameter_set


@pytest.mark.django_db(transaction=True)
def test_two_threads_that_first_see_a_strategy_make_it_once():
    bot = make_bot()
    assert at_once(*[lambda: instance_for(bot, "rsi_bb")] * 2) == []
    assert ParameterSet.objects.count() == LiveSet.objects.count() == 1
