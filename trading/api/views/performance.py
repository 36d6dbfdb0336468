"""Metrics of a selection of trades."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading.api import answers
from trading.api.base import Endpoint
from trading.api.operation import (
    AS_OF,
    MARKET,
    MODE,
    SINCE,
    STRATEGY,
    UNTIL,
    VERSION,
    Answer,
    Parameter,
    describe,
)
from trading.api.permissions import READ, allow
from trading.ledger.metrics import Columns, from_columns
from trading.performance import as_numbers, grouping, measure
from trading.strategies import REGISTRY
from trading.strategies.common import COMMON_CONTEXT
from trading.validation import field_types as types

DETAILED = 20_000
_NONE = np.zeros(0)
_NO_DETAIL = dict.fromkeys(from_columns(Columns(_NONE, _NONE, _NONE)))
_FEATURES = {
    feature.name
    for features in (COMMON_CONTEXT, *(strategy.features for strategy in REGISTRY.values()))
    for feature in features
}
_PARAMETERS = {
    parameter.name for strategy in REGISTRY.values() for parameter in strategy.parameters
}
_BY = Annotated[
    str,
    types.matching(
        rf"({'|'.join(grouping.SIMPLE)}|feature:({'|'.join(sorted(_FEATURES))})"
        rf"|param:({'|'.join(sorted(_PARAMETERS))}))",
        "Features and parameters of custom strategies can be named too.",
    ),
]
_ARM = Parameter("arm", Annotated[str, types.text(1, 64)], "Only this arm of an experiment.")
_WINDOW = Parameter(
    "window",
    Annotated[str, types.one_of(("24h", "7d", "30d", "all"))],
    "Instead of since and until.",
)


class Performance(Endpoint):
    """Metrics of the bot's closed trades, in total or by group."""

    scopes = allow(GET=READ)

    @describe(
        "Performance",
        {
            200: Answer(
                "Metrics, or a list of them by group.", (answers.MetricsOut, answers.MetricsList)
            )
        },
        parameters=(
            STRATEGY,
            MARKET,
            MODE,
            VERSION,
            _ARM,
            _WINDOW,
            SINCE,
            UNTIL,
            Parameter("by", _BY, "What to group by."),
            AS_OF,
        ),
    )
    def get(self, request: Request) -> Response:
        """Read metrics of closed trades

        Of a window (24h, 7d, 30d or all, ending now or at as_of) or of since and until, in total
        or by group. Medians, streaks and excursions are null beyond 20,000 trades.
        """
        query = self.query()
        by, selection = query.text("by"), query.selection(self.bot)
        try:
            groups = measure(selection, by)
        except ValueError as error:
            raise ValidationError({"by": [str(error)]}) from error
        # Medians and streaks need every trade of the window; sums answer the rest at any size.
        if sum(group.metrics["trades"] for group in groups) <= DETAILED:
            groups = measure(selection, by, detail=True)
        rows = [{"key": group.key, **_NO_DETAIL, **as_numbers(group.metrics)} for group in groups]
        return Response(rows if by else rows[0])
