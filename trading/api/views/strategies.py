"""Declared strategies, and those a bot declares itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import answers, examples
from trading.api.base import Endpoint
from trading.api.operation import Answer, describe
from trading.api.permissions import OPERATE, READ, allow
from trading.api.requests import StrategyIn
from trading.bots import catalog
from trading.strategies import REGISTRY
from trading.strategies.base import KEY, InvalidValues, Strategy
from trading.strategies.common import COMMON_CONTEXT
from trading.strategies.parameters import BadDeclaration
from trading.validation import fields

_CONTEXT = [asdict(feature) for feature in COMMON_CONTEXT]
DECLARATION_BYTES = 65_536


class Strategies(Endpoint):
    """The declared strategies, the bot's custom ones included."""

    scopes = allow(GET=READ, POST=OPERATE)

    @describe(
        "Strategies",
        {200: Answer("Declarations.", list[answers.StrategyOut], [examples.STRATEGY_STORED])},
    )
    def get(self, request: Request) -> Response:
        """List strategies

        Parameters with bounds, features and filters of each, the bot's custom strategies included.
        """
        self.query()
        custom = catalog.Declared(self.bot).external.values()
        return Response([_described(strategy) for strategy in (*REGISTRY.values(), *custom)])

    @describe(
        "Strategies",
        {201: Answer("The declaration.", answers.StrategyOut, examples.STRATEGY_STORED)},
        body=StrategyIn,
        example=examples.STRATEGY,
    )
    def post(self, request: Request) -> Response:
        """Declare a custom strategy

        It belongs to the bot, and everything works for it but the backtest. A number or integer
        needs low and high around its default, a choice its choices. The key must not be that of a
        built-in strategy; declared again, it is replaced.
        """
        report = self.body(StrategyIn)
        declaration = msgspec.to_builtins(report)
        declaration["parameters"] = [
            {name: value for name, value in parameter.items() if value is not None}
            for parameter in declaration["parameters"]
        ]
        errors: fields.Errors = {}
        fields.json_value("parameters", declaration, errors, DECLARATION_BYTES)
        fields.text("title", report.title, 100, errors)
        fields.pattern("key", report.key, KEY, errors)
        fields.number("minimum_size", report.minimum_size, errors, 0, 1)
        if errors:
            raise ValidationError(errors)
        try:
            _check_arms(catalog.build(declaration), report.arms)
            strategy = catalog.declare(self.bot, declaration)
        except BadDeclaration as error:
            raise ValidationError({"parameters": [str(error)]}) from error
        return Response(_described(strategy), status=status.HTTP_201_CREATED)


def _check_arms(strategy: Strategy, arms: list[dict[str, Any]]) -> None:
    """An arm may be traded with real money one day: it must be a valid set of this strategy."""
    for number, values in enumerate(arms):
        try:
            strategy.clean(values, partial=True)
        except InvalidValues as invalid:
            raise ValidationError({"arms": [f"arm {number}: {invalid}"]}) from invalid


def _described(strategy: Strategy) -> dict[str, Any]:
    return strategy.describe() | {"context": _CONTEXT}
