"""What a bot is told about each of its strategies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from trading.declared import strategy_of
from trading.models import Bot, LiveSet, StrategyInstance
from trading.parameters import instance_for


@dataclass(frozen=True, slots=True)
class Answer:
    """One strategy's live parameters and what goes with them; ``etag`` changes when any does."""

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
    """Raises UnknownStrategy."""
    return _answer(
        LiveSet.objects.select_related("parameter_set", "strategy_instance__bot").get(
            strategy_instance=instance_for(bot, name)
        )
    )


def everything(bot: Bot) -> list[Answer]:
    """The answers of all strategies that the bot runs, by name."""
    found = LiveSet.objects.filter(strategy_instance__bot=bot)
    return sorted(
        map(_answer, found.select_related("parameter_set", "strategy_instance__bot")),
        key=lambda answer: answer.strategy,
    )


def etag(answers: list[Answer] | Answer) -> str:
    """A strong entity tag of what is told."""
    many = answers if isinstance(answers, list) else [answers]
    content = json.dumps([answer.content() for answer in many], sort_keys=True)
    return f'"{blake2b(content.encode(), digest_size=12).hexdigest()}"'


def _answer(live: LiveSet) -> Answer:
    instance: StrategyInstance = live.strategy_instance
    return Answer(
        strategy=instance.name,
        version=live.parameter_set.version,
        # A set stored before a parameter was declared is told with its default.
        values=strategy_of(instance).complete(live.parameter_set.values),
        experiment=instance.experiment or None,
        arm=instance.arm or None,
        size=instance.size,
        status=instance.status,
    )
