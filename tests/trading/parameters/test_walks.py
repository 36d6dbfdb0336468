"""Changes at random, and back to every point on the way."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.trading.story import MONDAY, make_bot
from trading import clock
from trading.models import LivePeriod, LiveSet, Origin, ParameterSet
from trading.parameters import audit, instance_for, promote, roll_back, served
from trading.strategies import get
from trading.strategies.parameters import Boolean, Choice, Integer

STRATEGY = get("rsi_bb")
CHANGES = 20


def some_values(rng: random.Random, live: dict) -> dict:
    """The live values with a few of them drawn anew; drawn again until they keep the rules."""
    while True:
        values = dict(live)
        for parameter in rng.sample(STRATEGY.parameters, 3):
            values[parameter.name] = drawn(rng, parameter)
        try:
            return STRATEGY.clean(values)
        except ValueError:
            continue


def drawn(rng: random.Random, parameter):
    if isinstance(parameter, Boolean):
        return rng.random() < 0.5
    if isinstance(parameter, Choice):
        return rng.choice(parameter.choices)
    if isinstance(parameter, Integer):
        return rng.randint(parameter.low, parameter.high)
    return rng.uniform(parameter.low, parameter.high)


def walk(seed: int) -> None:
    rng, bot = random.Random(seed), make_bot(f"Bot {seed}")
    at = MONDAY
    with clock.at(at):
        instance = instance_for(bot, "rsi_bb")
    kept = {1: STRATEGY.defaults()}
    for number in range(2, CHANGES + 2):
        at += timedelta(minutes=rng.choice([0, 1, 60]))
        values = some_values(rng, kept[number - 1])
        with clock.at(at):
            made = promote(instance=instance, values=values, reason="Try", origin=Origin.ADMIN)
        kept[made.version] = values
    points = list(kept)
    rng.shuffle(points)
    tags = {served.etag(served.for_strategy(bot, "rsi_bb"))}
    for count, point in enumerate(points, start=1):
        with clock.at(at):
            made = roll_back(instance=instance, to=point, reason=f"Back to {point}")
        stored = ParameterSet.objects.get(pk=made.pk).values
        assert stored == kept[point]
        kinds = {name: type(value) for name, value in stored.items()}
        assert kinds == {name: type(value) for name, value in kept[point].items()}
        answer = served.for_strategy(bot, "rsi_bb")
        assert (answer.version, answer.values) == (made.version, kept[point])
        tags.add(served.etag(answer))
        assert LiveSet.history.filter(strategy_instance=instance).count() == len(kept) + count
    versions = len(kept) + len(points)
    assert len(tags) == len(points) + 1, "every change is told"
    assert LiveSet.objects.get(strategy_instance=instance).parameter_set.version == versions
    assert LivePeriod.objects.filter(instance=instance).count() == versions
    assert {instance.parameter_sets.get(version=v).values == kept[v] for v in kept} == {True}


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_every_point_of_a_walk_can_be_gone_back_to_exactly(seed):
    walk(seed)
    assert audit.check() == []


@pytest.mark.soak
@pytest.mark.django_db
def test_every_point_of_a_hundred_walks_can_be_gone_back_to_exactly():
    for seed in range(100):
        walk(seed)
    assert audit.check() == []
