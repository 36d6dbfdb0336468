from __future__ import annotations

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading.api import render
from trading.api.authentication import READ, allow
from trading.api.base import Endpoint
from trading.api.queries import Query
from trading.performance import measure


class Performance(Endpoint):
    """Metrics of the bot's closed trades, whole or in groups."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(
            request, "strategy", "market", "mode", "version", "window", "since", "until", "by",
            "as_of",
        )  # fmt: skip
        by = query.text("by")
        try:
            groups = measure(query.selection(self.bot), by)
        except ValueError as error:
            raise ValidationError({"by": [str(error)]}) from error
        found = [{"key": group.key, **render.metrics(group.metrics)} for group in groups]
        return Response(found if by else found[0])
