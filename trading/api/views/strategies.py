from __future__ import annotations

from dataclasses import asdict

import msgspec
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading.api.authentication import OPERATE, READ, allow
from trading.api.base import Endpoint, body
from trading.api.query_params import Query
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
    """The declared strategies, the bot's own among them."""

    scopes = allow(GET=READ, POST=OPERATE)

    def get(self, request):
        Query(request)
        external = catalog.Declared(self.bot).external.values()
        return Response([_shown(strategy) for strategy in (*REGISTRY.values(), *external)])

    def post(self, request):
        found = body(request, StrategyIn)
        declaration = msgspec.to_builtins(found)
        for described in declaration["parameters"]:
            for name in [name for name, value in described.items() if value is None]:
                del described[name]
        errors: fields.Errors = {}
        fields.json_value("parameters", declaration, errors, DECLARATION_BYTES)
        fields.text("title", found.title, 100, errors)
        fields.pattern("key", found.key, KEY, errors)
        fields.number("minimum_size", found.minimum_size, errors, 0, 1)
        if errors:
            raise ValidationError(errors)
        try:
            _check_arms(catalog.build(declaration), found.arms)
            strategy = catalog.declare(self.bot, declaration)
        except BadDeclaration as error:
            raise ValidationError({"parameters": [str(error)]}) from error
        return Response(_shown(strategy), status=status.HTTP_201_CREATED)


def _check_arms(strategy: Strategy, arms: list[dict]) -> None:
    """An arm is tried with real money one day: what it says must be a set of this strategy."""
    for number, values in enumerate(arms):
        try:
            strategy.clean(values, partial=True)
        except InvalidValues as invalid:
            raise ValidationError({"arms": [f"arm {number}: {invalid}"]}) from invalid


def _shown(strategy: Strategy) -> dict:
    return strategy.describe() | {"context": _CONTEXT}
