"""The audit of live parameters: complete, unchangeable, checked, and as a flat table."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from tests.trading.story import MONDAY, NOW, WEDNESDAY_NOON, make_bot, two_sets
from trading import clock, ingest
from trading.models import LivePeriod, LiveSet, Origin, ParameterSet
from trading.parameters import audit, history, instance_for, promote
from trading.strategies import get

from .test_outcomes import results

pytestmark = pytest.mark.django_db
History = LiveSet.history.model


@pytest.fixture
def instance():
    bot = make_bot()
    two_sets(bot)
    with clock.at(NOW):
        yield bot.instances.get()


def rows(*instances, **asked):
    return history.rows(instances, **asked)


@pytest.mark.parametrize("manager", [History.objects, LiveSet.history])
def test_the_history_cannot_be_edited_or_deleted(instance, manager):
    before = list(History.objects.order_by("history_id").values())
    line = manager.first()
    for attempt in (
        lambda: manager.all().update(reason="other"),
        lambda: manager.filter(pk=line.pk).update(reason="other"),
        lambda: manager.all().delete(),
        lambda: manager.filter(pk=line.pk).delete(),
        lambda: manager.bulk_update([line], ["reason"]),
        lambda: manager.bulk_create([line]),
        lambda: manager.update_or_create(pk=line.pk, defaults={"reason": "other"}),
        line.save,
        line.delete,
        lambda: instance.live.history.all().delete(),
        lambda: instance.live.history.update(reason="other"),
    ):
        with pytest.raises(TypeError):
            attempt()
    assert list(History.objects.order_by("history_id").values()) == before


def test_sets_and_the_pointer_cannot_be_changed_or_deleted_beside_the_door(instance):
    made = instance.parameter_sets.first()
    for attempt in (
        made.save,
        made.delete,
        lambda: ParameterSet.objects.all().delete(),
        lambda: instance.parameter_sets.update(values={}),
        lambda: instance.live.delete(),
        lambda: LiveSet.objects.all().delete(),
        lambda: LiveSet.objects.bulk_create([LiveSet()]),
        lambda: LivePeriod.objects.update(live_from=NOW),
    ):
        with pytest.raises(TypeError):
            attempt()
    assert not hasattr(instance.live, "save_without_historical_record")
    assert ParameterSet.objects.count() == 2 and LiveSet.objects.count() == 1


def test_a_row_made_up_with_the_key_of_another_does_not_take_its_place(instance):
    made, line = instance.parameter_sets.first(), History.objects.first()
    known = {"instance": instance, "reason": "x", "origin": Origin.ADMIN, "values": {}}
    told = {field.attname: getattr(line, field.attname) for field in History._meta.concrete_fields}
    for forged in (
        ParameterSet(pk=made.pk, version=99, **known),
        History(**told | {"reason": "other"}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            forged.save()
    assert instance.parameter_sets.get(pk=made.pk).version == made.version
    assert History.objects.get(pk=line.pk).reason == line.reason


def test_a_bot_takes_its_history_along_and_nobody_else_s(instance):
    other = instance_for(make_bot("Juno"), "rsi_bb")
    instance.bot.delete()
    assert {line.strategy_instance_id for line in History.objects.all()} == {other.pk}
    assert ParameterSet.objects.get().instance == other


def test_all_is_well_where_everything_went_through_the_door(instance):
    promote(instance=instance, values={}, reason="x", origin=Origin.API)
    promote(
        instance=instance,
        values={},
        reason="x",
        origin=Origin.IMPORT,
        live_from=MONDAY - timedelta(days=1),
    )
    assert audit.check() == []


def sql(text: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)


def found() -> list[str]:
    return [one["problem"] for one in audit.check()]


def test_the_nightly_check_fails_aloud_where_somebody_went_past_the_door(instance):
    assert audit.nightly(clock.now()) == {"strategies": 1}
    sql("UPDATE trading_liveset SET reason = 'other'")
    with pytest.raises(audit.Contradicted, match="1 found: rsi_bb of"):
        audit.nightly(clock.now())


def test_a_pointer_that_was_moved_past_the_door_is_found(instance):
    first = instance.parameter_sets.get(version=1)
    sql("UPDATE trading_liveset SET parameter_set_id = %s", first.pk)
    assert audit.check() == [
        {
            "bot": "Mara",
            "strategy": "rsi_bb",
            "problem": "the newest row of the history differs from what is live: the set",
        }
    ]


def test_a_history_that_was_cut_or_written_over_is_found(instance):
    sql("UPDATE trading_historicalliveset SET reason = 'nicer'")
    assert found() == ["the newest row of the history differs from what is live: the reason"]
    sql("DELETE FROM trading_historicalliveset")
    assert found() == ["there is no history of what is live"]


def test_a_pointer_at_another_strategy_or_behind_the_last_period_or_gone_is_found(instance):
    other = instance_for(instance.bot, "renko_ao")
    sql(
        "DELETE FROM trading_liveperiod WHERE instance_id = %s AND live_from > %s",
        instance.pk,
        clock.to_micros(MONDAY),
    )
    assert found() == ["another set went live later than the one that is live"]
    foreign = other.live.parameter_set_id
    sql(
        "UPDATE trading_liveset SET parameter_set_id = %s WHERE strategy_instance_id = %s",
        foreign,
        instance.pk,
    )
    assert found() == ["the live set belongs to another strategy"]
    sql("DELETE FROM trading_liveset WHERE strategy_instance_id = %s", instance.pk)
    assert found() == ["no parameters are live"]


def test_the_table_has_a_row_per_parameter_and_change_newest_first(instance):
    made = promote(
        instance=instance,
        values={"rsi_period": 9, "bb_std": 2.5},
        reason="Earlier",
        origin=Origin.API,
    )
    ingest.store_trades(instance.bot, results(0, 2, 8, [1, -2], "a") + results(3, 4, 8, [1], "b"))
    found = rows(instance)
    assert all(tuple(row) == history.COLUMNS for row in found)
    hold = get("rsi_bb").defaults()["max_hold_minutes"]
    changes = {
        (row["version"], row["parameter_name"], row["old_value"], row["new_value"])
        for row in found
        if row["version"] > 1
    }
    assert changes == {
        (3, "rsi_period", 14, 9),
        (3, "bb_std", 2.0, 2.5),
        (3, "max_hold_minutes", 5, hold),
        (2, "max_hold_minutes", hold, 5),
    }
    assert [row["version"] for row in found[:4]] == [3, 3, 3, 2]
    assert (found[0]["changed_at"], found[0]["changed_by"]) == (
        made.live_periods.get().live_from,
        "api",
    )
    second = next(row for row in found if row["version"] == 2)
    assert (second["trades_before"], second["trades_after"]) == (16, 32)
    assert second["performance_before"] == pytest.approx(-0.5)
    assert second["performance_after"] == pytest.approx(1)
    assert second["changed_at"] == WEDNESDAY_NOON
    first = [row for row in found if row["version"] == 1]
    assert len(first) == len(instance.parameter_sets.get(version=1).values)
    assert {row["old_value"] for row in first} == {None}


def test_the_table_is_of_some_strategies_and_one_parameter(instance):
    other = instance_for(instance.bot, "renko_ao")
    assert {row["strategy"] for row in rows(instance, other)} == {"rsi_bb", "renko_ao"}
    only = rows(instance, other, parameter="max_hold_minutes")
    assert {row["parameter_name"] for row in only} == {"max_hold_minutes"}
    times = [row["changed_at"] for row in rows(instance, other)]
    assert times == sorted(times, reverse=True)


def test_the_csv_holds_the_same_and_nothing_that_runs(instance):
    promote(
        instance=instance,
        values={"rsi_period": 9},
        reason='=HYPERLINK("http://x") – "a"\nb',
        origin=Origin.API,
    )
    text = "".join(history.as_csv(rows(instance)))
    read = list(csv.DictReader(StringIO(text, newline="")))
    assert tuple(read[0]) == history.COLUMNS
    assert len(read) == len(rows(instance))
    newest = next(row for row in read if row["parameter_name"] == "rsi_period")
    assert newest["reason"] == '\'=HYPERLINK("http://x") – "a"\nb'
    assert (newest["old_value"], newest["new_value"]) == ("14", "9")
    assert newest["changed_at"] == "2025-03-13T00:00:00.000000Z"
    assert newest["performance_after"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_begins_like_a_formula_is_made_plain(start):
    row = dict.fromkeys(history.COLUMNS, f"{start}SUM(A1)") | {"performance_after": -1.5}
    _, line = history.as_csv([row])
    cells = next(csv.reader(StringIO(line, newline="")))
    assert cells[0] == f"'{start}SUM(A1)" and "-1.5" in cells


def test_a_user_who_is_deleted_leaves_what_was_changed_and_why(instance):
    user = get_user_model().objects.create_user("ada")
    made = promote(instance=instance, values={}, reason="Hers", origin=Origin.ADMIN, author=user)
    user.delete()
    kept = instance.parameter_sets.get(pk=made.pk)
    assert (kept.author, kept.reason) == (None, "Hers")
    line = History.objects.latest("history_id")
    assert (line.history_user_id, line.reason) == (None, "Hers")
