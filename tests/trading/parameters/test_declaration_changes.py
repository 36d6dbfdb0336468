"""A declaration changes by a line, with no migration: what was stored before goes on working."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.urls import reverse

from tests.trading.story import MONDAY, NOW, WEDNESDAY_NOON, make_bot
from trading import clock, ingest
from trading.models import Origin
from trading.parameters import (
    by_value,
    compare,
    files,
    instance_for,
    outcomes,
    promote,
    roll_back,
    served,
)
from trading.strategies import get

from .test_outcomes import results

pytestmark = pytest.mark.django_db
DEFAULTS = get("rsi_bb").defaults()


@pytest.fixture
def instance():
    """Version 1 as it was stored when ``pause_seconds`` was not declared and ``window`` was, with
    a value that today's bounds refuse; version 2 from today."""
    with clock.at(MONDAY):
        instance = instance_for(make_bot(), "rsi_bb")
    stored = DEFAULTS | {"window": 7, "rsi_period": 9}
    del stored["pause_seconds"]
    with connection.cursor() as cursor:
        cursor.execute('UPDATE trading_parameterset SET "values" = %s', [json.dumps(stored)])
    yield instance


def newer(instance):
    with clock.at(WEDNESDAY_NOON):
        return promote(instance=instance, values={}, reason="Today's", origin=Origin.API)


def test_it_is_told_with_the_default_of_what_it_lacks_and_without_what_is_gone(instance):
    answer = served.for_strategy(instance.bot, "rsi_bb")
    assert answer.values == DEFAULTS | {"rsi_period": 9}


def test_it_can_be_gone_back_to(instance):
    newer(instance)
    made = roll_back(instance=instance, to=1, reason="It was better")
    assert made.values == DEFAULTS | {"rsi_period": 9}


def test_what_changed_since_says_what_is_gone_and_not_what_was_a_default_all_along(instance):
    newer(instance)
    with clock.at(NOW):
        change = outcomes.of_changes(instance)[0]
    assert [(row["name"], row["old"], row["new"], row["declared"]) for row in change.rows] == [
        ("rsi_period", 9, 14, True),
        ("window", 7, None, False),
    ]


def test_it_opens_exports_compares_and_counts_by_value(instance, admin_client):
    page = admin_client.get(reverse("admin:trading_strategyinstance_change", args=[instance.pk]))
    assert page.status_code == 200
    first, second = instance.parameter_sets.get(version=1), newer(instance)
    document = files.export_set(first)
    assert document["values"] == DEFAULTS | {"rsi_period": 9}
    compared = compare.compare(first, second)
    assert [row["name"] for row in compared.rows if row["differ"]] == ["rsi_period", "window"]
    with clock.at(NOW):
        ingest.store_trades(instance.bot, results(0, 5, 2, [1], "a"))
        found = by_value.of(instance, "pause_seconds")
    assert [(one.value, one.versions, one.trades) for one in found.values] == [
        (DEFAULTS["pause_seconds"], [1, 2], 10)
    ]


def test_a_stored_value_that_today_s_bounds_refuse_is_told_as_it_was_and_not_promoted(instance):
    stored = DEFAULTS | {"rsi_period": 100_000}
    with connection.cursor() as cursor:
        cursor.execute('UPDATE trading_parameterset SET "values" = %s', [json.dumps(stored)])
    assert served.for_strategy(instance.bot, "rsi_bb").values["rsi_period"] == 100_000
    newer(instance)
    with pytest.raises(ValueError, match="rsi_period: must be between"):
        roll_back(instance=instance, to=1, reason="x")
