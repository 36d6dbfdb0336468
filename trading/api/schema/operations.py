"""Every operation of the API: what it is for, what it takes and what it answers."""

from __future__ import annotations

from trading.api.schema import examples, operations_served, parts
from trading.api.schema.operation import (
    ANY_MOMENT,
    MARKET,
    MODE,
    SINCE,
    STRATEGY,
    UNTIL,
    VERSION,
    Answer,
    Operation,
    batch,
    limit,
    query,
)
from trading.api.schema.parts import array, either, ref
from trading.api.views.market import LONGEST_INTERVAL, MOST
from trading.ingest import state

_COUNTED = {"stored": 1, "updated": 0, "unchanged": 0, "rejected": []}
_STALE = "What is stored is newer, or says something else of the same moment; here it is."

OPERATIONS: dict[tuple[str, str], Operation] = operations_served.OPERATIONS | {
    ("Trades", "POST"): Operation(
        "Trades",
        "Report closed trades",
        "One trade or up to 5 000. A trade is stored once per id: sent again it is unchanged, "
        "with a higher revision it corrects what is stored, with a lower one it is ignored as "
        "stale, and the same revision with other content is rejected. Good rows are kept "
        "whatever the others are. exit_time lies between entry_time and 5 minutes from now; "
        "pnl_pct and pnl are computed from prices and fee where they are left out, and must then "
        "stay below 1 000 000 % and 1e12. Send pnl_usd and fee_usd or pnl and fee, not both.",
        batch(_COUNTED),
        either(ref("TradeIn"), array(ref("TradeIn"))),
        [examples.TRADE],
    ),
    ("Trades", "GET"): Operation(
        "Trades",
        "List trades, newest first",
        "A page of trades; its next is the cursor of the following one.",
        {200: Answer("A page of trades.", ref("Trades"), examples.TRADES)},
        parameters=(
            STRATEGY,
            MARKET,
            MODE,
            SINCE,
            UNTIL,
            VERSION,
            query("reason", "Only this exit reason.", parts.text(1, 200)),
            query(
                "cursor", "Where the page before ended.", parts.matching(r"[0-9]{1,18}-[0-9]{1,18}")
            ),
            limit(100, 500, "trades"),
        ),
    ),
    ("Positions", "GET"): Operation(
        "Positions",
        "List open positions",
        "All open positions, by strategy and market.",
        {200: Answer("Open positions.", array(ref("Position")), [examples.POSITION_STORED])},
    ),
    ("Positions", "PUT"): Operation(
        "Positions",
        "Report an open position",
        "One per strategy and market; the report of the newest moment wins, whatever order "
        "reports come in. entry_time and as_of lie at most 5 minutes in the future.",
        {
            200: Answer(
                "Stored in the place of an older report, or known already.",
                ref("Position"),
                examples.POSITION_STORED,
            ),
            201: Answer("Stored as new.", ref("Position"), examples.POSITION_STORED),
        },
        ref("PositionReport"),
        examples.POSITION,
        errors={409: (f"{_STALE} Null where the position was closed since.", ref("StalePosition"))},
    ),
    ("Positions", "DELETE"): Operation(
        "Positions",
        "Forget a position",
        "It is no longer open. With as_of, a report of an earlier moment that arrives later does "
        "not bring it back, and a newer report is not lost: send it.",
        {200: Answer("How many were open: 1 or 0.", ref("Deleted"), {"deleted": 1})},
        parameters=(
            query("strategy", "Its strategy (instance).", ref("StrategyName"), True),
            query("market", "Its market.", parts.MARKET, True),
            query(
                "as_of",
                "The moment from which it is closed; at most 5 minutes in the future.",
                ANY_MOMENT,
            ),
        ),
        errors={409: (_STALE, ref("StalePosition"))},
    ),
    ("CandleRows", "POST"): Operation(
        "Market",
        "Report candles",
        "The series belongs to the bot. A candle that is there already is replaced, unless it "
        "was stored with a newer as_of. Rows whose high is below low, whose open or close lies "
        "outside, or whose open_time is no multiple of the interval are rejected by index.",
        batch(_COUNTED),
        ref("CandlesIn"),
        examples.CANDLES,
    ),
    ("CandleRows", "GET"): Operation(
        "Market",
        "Read candles",
        "The newest candles, ascending: the bot's own series, or the shared one.",
        {200: Answer("Candles.", ref("Candles"), examples.CANDLES_STORED)},
        parameters=(
            query("market", "Market.", parts.MARKET, True),
            query("interval", "Seconds.", parts.whole(1, LONGEST_INTERVAL), True),
            SINCE,
            UNTIL,
            limit(500, MOST, "candles"),
        ),
    ),
    ("Bricks", "POST"): Operation(
        "Market",
        "Report Renko bricks",
        "Numbered without gaps; a brick of a sequence that is there already replaces it.",
        batch(_COUNTED),
        ref("BricksIn"),
        examples.BRICKS,
    ),
    ("Bricks", "GET"): Operation(
        "Market",
        "Read Renko bricks",
        "The newest bricks, ascending.",
        {200: Answer("Bricks.", ref("Bricks"), examples.BRICKS_STORED)},
        parameters=(
            query("strategy", "Strategy (instance).", ref("StrategyName"), True),
            query("market", "Market.", parts.MARKET, True),
            limit(500, MOST, "bricks"),
        ),
    ),
    ("Recovery", "GET"): Operation(
        "State",
        "Recover after a deploy",
        "Everything that a redeployed bot needs, in one answer: parameters, open positions, the "
        "newest candles and bricks of each series (ascending), and what it kept under keys.",
        {200: Answer("Everything.", ref("Recovery"), examples.RECOVERY)},
        parameters=tuple(
            query(
                name,
                f"How many {name} of each series.",
                parts.whole(0, state.MOST) | {"default": 200},
            )
            for name in ("candles", "bricks")
        ),
    ),
    ("StateKey", "GET"): Operation(
        "State",
        "Read a value",
        "What the bot keeps under a key.",
        {200: Answer("The value.", ref("StateEntry"), examples.STATE_STORED)},
        errors={404: ("Nothing is kept under this key.", ref("Error"))},
    ),
    ("StateKey", "PUT"): Operation(
        "State",
        "Keep a value",
        "Any JSON of at most 256 KiB and 20 levels. The value of the newest moment wins; as_of "
        "lies at most 5 minutes in the future.",
        {
            200: Answer(
                "Stored in the place of an older value, or known already.",
                ref("StateEntry"),
                examples.STATE_STORED,
            ),
            201: Answer("Stored under a new key.", ref("StateEntry"), examples.STATE_STORED),
        },
        ref("StateIn"),
        examples.STATE,
        errors={409: (_STALE, ref("StaleState"))},
    ),
    ("Evaluations", "POST"): Operation(
        "Activity",
        "Report how often a strategy looked",
        "Per strategy, market and stretch of time; the same stretch again replaces what was "
        "there. to lies after from; signals and blocked together are at most evaluations.",
        batch(_COUNTED),
        either(ref("EvaluationIn"), array(ref("EvaluationIn"))),
        [examples.EVALUATION],
    ),
    ("Heartbeat", "POST"): Operation(
        "Activity",
        "Say that the bot is alive",
        "Everything is optional, and together at most 4 kB.",
        {200: Answer("What to compare with.", ref("Heartbeat"), examples.HEARTBEAT_ANSWER)},
        ref("HeartbeatIn"),
        examples.HEARTBEAT,
    ),
}
