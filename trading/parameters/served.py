"""Served parameters: what a bot gets for each of its strategies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from trading import clock
from trading.assignment import current_arm
from trading.bots.catalog import Declared, strategy_of
from trading.models import Bot, LiveSet, StrategyInstance
from trading.parameters.live import instance_for


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


def for_strategy(bot: Bot, name: str) -> Answer:
    """The answer of one strategy; a strategy seen for the first time starts with its defaults.

    Raises UnknownStrategy.
    """
    key, label, _ = Declared(bot).find(name)
    live = LiveSet.objects.of_bot(bot).with_sets().order_by()
    row = live.filter(
        strategy_instance__strategy=key, strategy_instance__label=label
    ).first() or live.get(strategy_instance=instance_for(bot, name))
    row.strategy_instance.bot = bot
    return _answer(row)


def everything(bot: Bot, *, noted: bool = True) -> list[Answer]:
    """The answers of all strategies of the bot, by name; ``noted`` logs the served blocks of
    experiments."""
    rows = LiveSet.objects.of_bot(bot).with_sets().select_related("strategy_instance__bot")
    return sorted((_answer(row, noted) for row in rows), key=lambda answer: answer.strategy)


def etag(answers: list[Answer] | Answer) -> str:
    """A strong entity tag of the answers."""
    many = answers if isinstance(answers, list) else [answers]
    content = json.dumps([answer.content() for answer in many], sort_keys=True)
    return f'"{blake2b(content.encode(), digest_size=12).hexdigest()}"'


def _answer(live: LiveSet, noted: bool = True) -> Answer:
    instance: StrategyInstance = live.strategy_instance
    turn = current_arm.now(instance, noted=noted) if instance.experiment else None
    parameter_set = (turn.arm.parameter_set if turn else None) or live.parameter_set
    return Answer(
        strategy=instance.name,
        version=parameter_set.version,
        # A set stored before a parameter was declared is completed with its default.
        values=strategy_of(instance).complete(parameter_set.values),
        experiment=instance.experiment if turn else None,
        arm=turn.arm.name if turn else None,
        size=instance.size,
        status=instance.status,
        valid_until=clock.to_text(turn.until) if turn and turn.until else None,
    )
