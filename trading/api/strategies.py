from __future__ import annotations

from dataclasses import asdict

import msgspec
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading import declared, fields
from trading.api.authentication import OPERATE, READ, allow
from trading.api.base import Endpoint, body
from trading.api.queries import Query
from trading.api.shapes import StrategyIn
from trading.strategies import REGISTRY
from trading.strategies.base import Strategy
from trading.strategies.common import COMMON_CONTEXT
from trading.strategies.parameters import BadDeclaration

_CONTEXT = [asdict(feature) for feature in COMMON_CONTEXT]
DECLARATION_BYTES = 65_536


class Strategies(Endpoint):
    """The declared strategies, the bot's own among them."""

    scopes = allow(GET=READ, POST=OPERATE)

    def get(self, request):
        Query(request)
        external = declared.Declared(self.bot).external.values()
        return Response([_shown(strategy) for strategy in (*REGISTRY.values(), *external)])

    def post(self, request):
        found = body(request, StrategyIn)
        declaration = msgspec.to_builtins(found)
        for described in declaration["parameters"]:
            for name in [name for name, value in described.items() if value is None]:
                del described[name]
        errors: fields.Errors = {}
        fields.json_value("parameters", declaration, errors, DECLARATION_BYTES)
        if errors:
            raise ValidationError(errors)
        try:
            strategy = declared.declare(self.bot, declaration)
        except BadDeclaration as error:
            raise ValidationError({"parameters": [str(error)]}) from error
        return Response(_shown(strategy), status=status.HTTP_201_CREATED)


def _shown(strategy: Strategy) -> dict:
    return strategy.describe() | {"context": _CONTEXT}
