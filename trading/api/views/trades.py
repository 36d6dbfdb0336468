"""Closed trades."""

from __future__ import annotations

from typing import Annotated

from rest_framework.request import Request
from rest_framework.response import Response

from trading import ingest
from trading.api import answers, examples
from trading.api.base import Endpoint, Rejected, batch_answer, batch_answers, name_from
from trading.api.operation import (
    CURSOR,
    MARKET,
    MODE,
    SINCE,
    STRATEGY,
    UNTIL,
    VERSION,
    Answer,
    Parameter,
    describe,
    limit,
)
from trading.api.permissions import READ, WRITE, allow
from trading.ingest.trade_schema import TradeIn
from trading.performance import trade_list
from trading.validation import field_types as types

_REASON = Parameter("reason", Annotated[str, types.text(1, 200)], "Only this exit reason.")


class Trades(Endpoint):
    """Closed trades, one per id."""

    scopes = allow(GET=READ, POST=WRITE)

    @describe("Trades", batch_answers(), body=(TradeIn, list[TradeIn]), example=[examples.TRADE])
    def post(self, request: Request) -> Response:
        """Post closed trades

        One trade or up to 5,000. A trade is stored once per id: the same content again is
        unchanged, a higher revision corrects what is stored, a lower one is ignored as stale, and
        the same revision with other content is rejected. Valid rows are stored whatever the
        others are. exit_time lies between entry_time and 5 minutes from now; pnl_pct and pnl are
        computed from prices and fee where they are left out, and must then stay below 1,000,000 %
        and 1e12. Send pnl_usd and fee_usd or pnl and fee, not both.
        """
        trades, rejected = self.batch(TradeIn, name_from("id"))
        outcome = ingest.store_trades(self.bot, list(trades.values()))
        index = list(trades)
        rejected += [
            Rejected(index[row["index"]], row["id"], row["errors"]) for row in outcome.rejected
        ]
        return batch_answer(outcome.stored, outcome.updated, outcome.unchanged, rejected)

    @describe(
        "Trades",
        {200: Answer("A page of trades.", answers.TradesOut, examples.TRADES)},
        parameters=(
            STRATEGY,
            MARKET,
            MODE,
            SINCE,
            UNTIL,
            VERSION,
            _REASON,
            CURSOR,
            limit(100, 500, "trades"),
        ),
    )
    def get(self, request: Request) -> Response:
        """List trades, newest first

        A page of trades; `next` is the cursor of the following page.
        """
        query = self.query()
        rows, page = trade_list.newest(
            query.selection(self.bot, mode=None),
            reason=query.text("reason"),
            before=query.key("cursor"),
            limit=query.whole("limit", 100, 1, 500),
        )
        cursor = "-".join(map(str, page.older)) if page.older else None
        return Response(answers.TradesOut([answers.trade(row) for row in rows], cursor))
