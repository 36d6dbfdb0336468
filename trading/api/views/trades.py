from __future__ import annotations

from rest_framework.response import Response

from trading import ingest
from trading.api import encoders
from trading.api.authentication import READ, WRITE, allow
from trading.api.base import Endpoint, answer, batch, named
from trading.api.query_params import Query
from trading.ingest.trade_schema import TradeIn
from trading.performance import trade_list


class Trades(Endpoint):
    """Closed trades, once per id."""

    scopes = allow(GET=READ, POST=WRITE)

    def post(self, request):
        sound, refused = batch(request, TradeIn, named("id"))
        outcome = ingest.store_trades(self.bot, list(sound.values()))
        index = list(sound)
        refused += [{**row, "index": index[row["index"]]} for row in outcome.rejected]
        return answer(outcome.stored, outcome.updated, outcome.unchanged, refused)

    def get(self, request):
        query = Query(
            request,
            "strategy",
            "market",
            "mode",
            "since",
            "until",
            "version",
            "reason",
            "cursor",
            "limit",
        )
        found, page = trade_list.newest(
            query.selection(self.bot, mode=None),
            reason=query.text("reason"),
            before=query.key("cursor"),
            limit=query.whole("limit", 100, 1, 500),
        )
        return Response(
            {
                "trades": [encoders.trade(row) for row in found],
                "next": "-".join(map(str, page.older)) if page.older else None,
            }
        )
