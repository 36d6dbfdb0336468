from __future__ import annotations

import numpy as np
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading.api.authentication import READ, allow
from trading.api.base import Endpoint
from trading.api.query_params import Query
from trading.ledger.metrics import Columns, from_columns
from trading.performance import measure, numbers

DETAILED = 20_000
_NONE = np.zeros(0)
_NO_DETAIL = dict.fromkeys(from_columns(Columns(_NONE, _NONE, _NONE)))


class Performance(Endpoint):
    """Metrics of the bot's closed trades, whole or in groups."""

    scopes = allow(GET=READ)

    def get(self, request):
        query = Query(
            request,
            "strategy",
            "market",
            "mode",
            "version",
            "arm",
            "window",
            "since",
            "until",
            "by",
            "as_of",
        )
        by, selection = query.text("by"), query.selection(self.bot)
        try:
            groups = measure(selection, by)
        except ValueError as error:
            raise ValidationError({"by": [str(error)]}) from error
        # Medians and streaks need every trade of the window; sums answer the rest at any size.
        if sum(group.metrics["trades"] for group in groups) <= DETAILED:
            groups = measure(selection, by, detail=True)
        found = [{"key": group.key, **_NO_DETAIL, **numbers(group.metrics)} for group in groups]
        return Response(found if by else found[0])
