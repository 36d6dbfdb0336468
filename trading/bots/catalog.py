"""The strategies of a bot: the built-in ones and its custom ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from trading import clock
from trading.models import Bot, ExternalStrategy, StrategyInstance
from trading.strategies import REGISTRY, UnknownStrategy, get, parse, split
from trading.strategies.base import Feature, Group, Strategy
from trading.strategies.parameters import BadDeclaration, parameter_from

_GROUP = "parameters"


class Declared:
    """The strategies of one bot; custom ones are loaded once, on first use."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._external: dict[str, Strategy] | None = None
        self._by_name: dict[str, tuple[str, str, Strategy]] = {}

    def find(self, name: str) -> tuple[str, str, Strategy]:
        """Canonical key, instance label ("" for the default one), and declaration.

        Raises UnknownStrategy.
        """
        if name not in self._by_name:
            self._by_name[name] = self._find(name)
        return self._by_name[name]

    def _find(self, name: str) -> tuple[str, str, Strategy]:
        try:
            key, label = split(name)
            return key, label, REGISTRY[key]
        except UnknownStrategy:
            key, label = parse(name)
            if key not in self.external:
                raise
            return key, label, self.external[key]

    @property
    def external(self) -> dict[str, Strategy]:
        if self._external is None:
            self._external = {
                row.key: build(row.declaration)
                for row in ExternalStrategy.objects.filter(bot=self._bot)
            }
        return self._external


def strategy_of(instance: StrategyInstance) -> Strategy:
    """The declaration of an instance's strategy. Raises UnknownStrategy."""
    if instance.strategy in REGISTRY:
        return get(instance.strategy)
    return Declared(instance.bot).find(instance.strategy)[2]


def declaration(instance: StrategyInstance) -> Strategy | None:
    """The declaration of an instance's strategy; None where it is gone."""
    try:
        return strategy_of(instance)
    except UnknownStrategy:
        return None


def build(declaration: Mapping[str, Any]) -> Strategy:
    """A Strategy from the form in which a bot declares one. Raises BadDeclaration."""
    parameters = tuple(
        parameter_from({"group": _GROUP, "help": "", **described})
        for described in declaration["parameters"]
    )
    return Strategy(
        key=declaration["key"],
        title=declaration.get("title") or declaration["key"],
        parameters=parameters,
        groups=(Group(_GROUP, "Parameters"),),
        features=tuple(_feature(feature) for feature in declaration.get("features", ())),
    )


def _feature(feature: str | Mapping[str, Any]) -> Feature:
    return Feature(feature, "number") if isinstance(feature, str) else Feature(**feature)


def declare(bot: Bot, declaration: dict[str, Any]) -> Strategy:
    """Create or replace a custom strategy of the bot.

    Raises BadDeclaration, also for the key of a built-in strategy.
    """
    strategy = build(declaration)
    try:
        split(strategy.key)
    except UnknownStrategy:
        pass
    else:
        raise BadDeclaration(f"{strategy.key!r} is the name of a built-in strategy")
    with transaction.atomic():
        ExternalStrategy.objects.update_or_create(
            bot=bot,
            key=strategy.key,
            defaults={"declaration": declaration, "declared_at": clock.now()},
        )
    return strategy
