"""Served parameters: what GET parameters/ answers for each strategy of a bot."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from trading import clock
from trading.assignment import current_arm
from trading.bots.catalog import strategy_of
from trading.db import prepared
from trading.models import Bot, LiveSet, StrategyInstance
from trading.parameters.live import instance_for
from trading.strategies import REGISTRY, UnknownStrategy, split


@dataclass(frozen=True, slots=True)
class Answer:
    """The served parameters of one strategy; ``etag`` changes when any field does."""

    strategy: str
    version: int
    values: dict[str, Any]
    experiment: str | None
    arm: str | None
    size: float
    status: str
    valid_until: str | None = None

    def content(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


_LIVE = (
    'SELECT i.strategy, i.label, i.experiment, i.size, i.status, p.version, p."values"'
    " FROM trading_strategyinstance i JOIN trading_liveset l ON l.strategy_instance_id = i.id"
    " JOIN trading_parameterset p ON p.id = l.parameter_set_id"
    " WHERE i.bot_id = %s AND i.strategy = %s AND i.label = %s"
)


def encoded(bot: Bot, name: str) -> tuple[bytes, str]:
    """One strategy's answer as JSON and its entity tag, by one plain query where the strategy is
    built in: bots ask for little else, and often. Raises UnknownStrategy."""
    try:
        key, label = split(name)
    except UnknownStrategy:
        found = None
    else:
        found = prepared.first(_LIVE, (bot.pk, key, label))
    if not found or found[2]:  # of an experiment, the time says what is told
        return _encoded(for_strategy(bot, name))
    return _of_row(*found)


def _encoded(answer: Answer) -> tuple[bytes, str]:
    return msgspec.json.encode(answer.content()), etag(answer)


@lru_cache(maxsize=1_000)
def _of_row(
    strategy: str, label: str, experiment: str, size: float, status: str, version: int, values: str
) -> tuple[bytes, str]:
    """What the stored row means. It follows from the row and the code alone, so it is remembered
    by all that the row says: whatever changes there is told at once."""
    answer = Answer(
        strategy=f"{strategy}@{label}" if label else strategy,
        version=version,
        values=REGISTRY[strategy].complete(json.loads(values)),
        experiment=None,
        arm=None,
        size=size,
        status=status,
    )
    return _encoded(answer)


def for_strategy(bot: Bot, name: str) -> Answer:
    """Raises UnknownStrategy."""
    return _answer(
        LiveSet.objects.select_related("parameter_set", "strategy_instance__bot").get(
            strategy_instance=instance_for(bot, name)
        )
    )


def everything(bot: Bot, *, noted: bool = True) -> list[Answer]:
    """The served parameters of all strategies of a bot, by name; ``noted`` writes them to the
    assignment log of an experiment."""
    live_sets = LiveSet.objects.filter(strategy_instance__bot=bot)
    rows = live_sets.select_related("parameter_set", "strategy_instance__bot")
    return sorted((_answer(row, noted) for row in rows), key=lambda answer: answer.strategy)


def etag(answers: list[Answer] | Answer) -> str:
    """The strong entity tag of what is served."""
    many = answers if isinstance(answers, list) else [answers]
    content = json.dumps([answer.content() for answer in many], sort_keys=True)
    return f'"{blake2b(content.encode(), digest_size=12).hexdigest()}"'


def _answer(live: LiveSet, noted: bool = True) -> Answer:
    instance: StrategyInstance = live.strategy_instance
    turn = current_arm.now(instance, noted=noted) if instance.experiment else None
    served = (turn.arm.parameter_set if turn else None) or live.parameter_set
    return Answer(
        strategy=instance.name,
        version=served.version,
        # A set stored before a parameter was declared is served with its default.
        values=strategy_of(instance).complete(served.values),
        experiment=instance.experiment if turn else None,
        arm=turn.arm.name if turn else None,
        size=instance.size,
        status=instance.status,
        valid_until=clock.to_text(turn.until) if turn and turn.until else None,
    )
