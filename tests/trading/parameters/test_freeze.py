"""The kill switch of a bot's parameters, and names of versions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from tests.trading.ingest.test_delivery import at_once
from tests.trading.story import MONDAY, NOW, make_bot, two_sets
from trading import clock
from trading.models import Freeze, LiveSet, Origin, Status, StrategyInstance
from trading.parameters import instance_for, live_for, promote, roll_back, served
from trading.parameters.errors import Frozen, Refused, Stale
from trading.parameters.freeze import freeze, freeze_of
from trading.parameters.presets import name_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def bot():
    bot = make_bot()
    two_sets(bot)
    with clock.at(NOW):
        yield bot


@pytest.fixture
def instance(bot):
    return bot.instances.get()


def change(instance, **given):
    known = {"values": {"rsi_period": 9}, "reason": "Because", "origin": Origin.ADMIN}
    return promote(instance=instance, **(known | given))


def test_while_a_bot_is_frozen_no_parameter_changes_and_what_it_is_told_stays(bot, instance):
    before = served.etag(served.everything(bot))
    owner = get_user_model().objects.create_user("ada")
    freeze(bot=bot, frozen=True, reason="The exchange is down", author=owner)
    for attempt in (
        lambda: change(instance),
        lambda: roll_back(instance=instance, to=1, reason="x"),
    ):
        with pytest.raises(Frozen, match="frozen since 2025-03-13 00:00 UTC by ada: The exchange"):
            attempt()
    assert instance.parameter_sets.count() == instance.live_periods.count() == 2
    assert LiveSet.history.count() == 2
    assert served.etag(served.everything(bot)) == before


def test_lifted_changes_are_allowed_again_and_the_freeze_stays_on_record(bot, instance):
    owner = get_user_model().objects.create_user("ada")
    freeze(bot=bot, frozen=True, reason="Holiday")
    held = freeze_of(bot)
    assert (held.reason, held.frozen_at, held.frozen_by) == ("Holiday", NOW, None)
    freeze(bot=bot, frozen=False, reason="Back", author=owner)
    assert freeze_of(bot) is None
    assert change(instance).version == 3
    (kept,) = bot.freezes.all()
    assert (kept.lifted_at, kept.lifted_by, kept.lift_reason) == (NOW, owner, "Back")


def test_a_freeze_needs_a_reason_and_holds_once(bot):
    for reason in ("", "x" * 501, "a\x00b"):
        with pytest.raises(Refused, match="reason"):
            freeze(bot=bot, frozen=True, reason=reason)
    with pytest.raises(Refused, match="not frozen"):
        freeze(bot=bot, frozen=False, reason="x")
    freeze(bot=bot, frozen=True, reason="x")
    with pytest.raises(Refused, match="frozen since"):
        freeze(bot=bot, frozen=True, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Freeze.objects.create(bot=bot, reason="another")


def test_another_bot_is_not_frozen_with_it(bot):
    freeze(bot=bot, frozen=True, reason="x")
    other = instance_for(make_bot("Juno"), "rsi_bb")
    assert change(other).version == 2


def test_a_strategy_first_seen_while_frozen_still_starts_with_its_defaults(bot):
    freeze(bot=bot, frozen=True, reason="x")
    assert live_for(bot, "renko_ao").version == 1


def test_what_was_live_in_the_past_can_be_recorded_while_frozen_but_not_become_live(bot, instance):
    freeze(bot=bot, frozen=True, reason="x")
    made = change(instance, origin=Origin.IMPORT, live_from=MONDAY + timedelta(days=1))
    assert made.version == 3 and live_for(bot, "rsi_bb").version == 2
    with pytest.raises(Frozen):
        change(instance, origin=Origin.IMPORT, live_from=NOW - timedelta(hours=1))
    assert instance.parameter_sets.count() == 3


def test_a_strategy_whose_status_is_frozen_changes_no_parameter(bot, instance):
    StrategyInstance.objects.filter(pk=instance.pk).update(status=Status.FROZEN)
    with pytest.raises(Frozen, match="rsi_bb is frozen"):
        change(instance)


def test_whoever_saw_an_older_version_is_told_what_became_live(bot, instance):
    ada = get_user_model().objects.create_user("ada")
    first = change(instance, values={"max_hold_minutes": 5, "rsi_period": 9}, author=ada, seen=2)
    with pytest.raises(
        Stale, match=r"Version 3 \(ada\) went live since you saw version 2"
    ) as told_:
        change(instance, values={"rsi_period": 30}, seen=2)
    assert (told_.value.became, told_.value.seen.version) == (first, 2)
    assert [(row["name"], row["old"], row["new"]) for row in told_.value.difference] == [
        ("rsi_period", 14, 9)
    ]
    assert set(told_.value.errors) == {"seen"}
    with pytest.raises(Stale):
        roll_back(instance=instance, to=1, reason="x", seen=2)
    with pytest.raises(Refused, match="no version 99"):
        change(instance, seen=99)
    assert instance.parameter_sets.count() == 3
    assert roll_back(instance=instance, to=1, reason="x", seen=3).version == 4


@pytest.mark.django_db(transaction=True)
def test_of_two_that_save_at_once_having_seen_the_same_one_is_told():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")

    def save(period):
        mine = StrategyInstance.objects.get(pk=instance.pk)
        change(mine, values={"rsi_period": period}, seen=1)

    (refusal,) = at_once(lambda: save(7), lambda: save(8))
    assert isinstance(refusal, Stale) and refusal.became.version == 2
    live = LiveSet.objects.get().parameter_set
    assert live == refusal.became and live.values["rsi_period"] in (7, 8)
    assert LiveSet.history.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_freeze_and_a_change_at_once_leave_no_change_after_the_freeze():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")

    def save():
        for _ in range(10):
            change(StrategyInstance.objects.get(pk=instance.pk))

    failures = at_once(save, lambda: freeze(bot=bot, frozen=True, reason="Stop"))
    assert [type(one) for one in failures] in ([], [Frozen])
    with pytest.raises(Frozen):
        change(instance)


def test_a_named_version_is_found_again_and_does_not_change(bot, instance):
    first, second = instance.parameter_sets.order_by("version")
    stored = first.values, first.reason
    name_set(first, "  ruhiger Markt – calm ")
    assert instance.parameter_sets.get(preset__name="ruhiger Markt – calm") == first
    first = instance.parameter_sets.get(version=1)
    assert (first.name, second.name) == ("ruhiger Markt – calm", "")
    assert (first.values, first.reason) == stored
    name_set(first, "calm market")
    assert [preset.name for preset in instance.presets.all()] == ["calm market"]
    assert name_set(first, "") is None
    assert not instance.presets.exists()


def test_a_name_is_one_version_s_at_a_time(bot, instance):
    first, second = instance.parameter_sets.order_by("version")
    name_set(first, "calm")
    name_set(first, "calm")
    with pytest.raises(Refused, match="Version 1 has this name"):
        name_set(second, "calm")
    with pytest.raises(Refused, match="Version 1 has this name"):
        change(instance, name="calm")
    assert instance.parameter_sets.count() == 2, "nothing was made either"
    other = instance_for(make_bot("Juno"), "rsi_bb")
    assert change(other, name="calm").name == "calm"


@pytest.mark.parametrize("name", ["x" * 61, "a\x00b", "\ud800"])
def test_a_name_is_short_and_storable(bot, instance, name):
    with pytest.raises(Refused, match="name"):
        name_set(instance.parameter_sets.first(), name)
