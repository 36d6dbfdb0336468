"""Operations about what the bot is told, what came of it, and the clock."""

from __future__ import annotations

from django.conf import settings

from trading.api.schema import examples, parts
from trading.api.schema.operation import (
    AS_OF,
    IF_NONE_MATCH,
    MARKET,
    MODE,
    SINCE,
    STRATEGY,
    UNTIL,
    VERSION,
    Answer,
    Operation,
    query,
)
from trading.api.schema.parts import array, either, ref
from trading.api.views.performance import DETAILED
from trading.performance import grouping
from trading.strategies import REGISTRY
from trading.strategies.common import COMMON_CONTEXT

_UNCHANGED = Answer("Nothing changed since the answer with this ETag.")
_NO_STRATEGY = {404: ("There is no such strategy.", ref("Error"))}
_NO_CLOCK = {404: ("Time is not simulated here.", ref("Error"))}
_MADE = Answer("The new version, which is live now.", ref("Told"), examples.TOLD, tagged=True)
_CONFLICT = {
    409: (
        "Another version went live since `version`, the parameters are frozen, or an experiment "
        "runs; nothing changed.",
        either(ref("StaleChange"), ref("Error")),
    )
}
_FEATURES = {one.name for strategy in REGISTRY.values() for one in strategy.features}
_FEATURES |= {one.name for one in COMMON_CONTEXT}
_PARAMETERS = {one.name for strategy in REGISTRY.values() for one in strategy.parameters}
_BY = parts.matching(
    rf"({'|'.join(grouping.SIMPLE)}|feature:({'|'.join(sorted(_FEATURES))})"
    rf"|param:({'|'.join(sorted(_PARAMETERS))}))",
    "Features and parameters of strategies that bots declared themselves can be named too.",
)

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("Every", "GET"): Operation(
        "Parameters",
        "What the bot is told",
        "The live parameters of every strategy that the bot runs. Counts as a heartbeat.",
        {200: Answer("All of it.", array(ref("Told")), [examples.TOLD], True), 304: _UNCHANGED},
        parameters=(IF_NONE_MATCH,),
    ),
    ("OfStrategy", "GET"): Operation(
        "Parameters",
        "What the bot is told about one strategy",
        "A strategy that is asked for the first time starts with its declared defaults.",
        {200: Answer("Its parameters.", ref("Told"), examples.TOLD, True), 304: _UNCHANGED},
        parameters=(IF_NONE_MATCH,),
        errors=_NO_STRATEGY,
    ),
    ("OfStrategy", "POST"): Operation(
        "Parameters",
        "Change parameters",
        "A new version, live at once. Values that are left out stay as they are live; "
        "names and bounds are those of GET strategies/.",
        {201: _MADE},
        ref("ParametersIn"),
        examples.PARAMETERS,
        errors=_NO_STRATEGY | _CONFLICT,
    ),
    ("Rollback", "POST"): Operation(
        "Parameters",
        "Go back to an earlier version",
        "Its values become a new version, live at once.",
        {201: _MADE},
        ref("RollbackIn"),
        examples.ROLLBACK,
        errors=_NO_STRATEGY | _CONFLICT,
    ),
    ("History", "GET"): Operation(
        "Parameters",
        "Every change of a parameter, and what came of it",
        "Newest first, one row per parameter. performance_before and performance_after are the "
        "average PnL in percent of all trades of the set before and of this one; the latter is "
        f"null until there are {settings.OUTCOME_TRADES} trades (OUTCOME_TRADES) or the next "
        "change has come. They describe and prove nothing: after a bad stretch results recover "
        "by themselves.",
        {200: Answer("Changes.", array(ref("Change")), [examples.CHANGE], csv=True)},
        parameters=(
            STRATEGY,
            query("parameter", "Only this parameter.", parts.text(1, 200)),
            MODE,
            AS_OF,
            query("format", "json, or csv for a spreadsheet.", parts.words(("json", "csv"))),
        ),
    ),
    ("Strategies", "GET"): Operation(
        "Strategies",
        "The declared strategies",
        "Parameters with bounds, features and filters of each, the bot's own among them.",
        {200: Answer("Declarations.", array(ref("Strategy")), [examples.STRATEGY_STORED])},
    ),
    ("Strategies", "POST"): Operation(
        "Strategies",
        "Declare a strategy of your own",
        "It belongs to the bot, and everything works for it but the replay. A number or integer "
        "needs low and high around its default, a choice its choices. The key must not be that "
        "of a built-in strategy; declared again, it is replaced.",
        {201: Answer("The declaration.", ref("Strategy"), examples.STRATEGY_STORED)},
        ref("StrategyIn"),
        examples.STRATEGY,
    ),
    ("Performance", "GET"): Operation(
        "Performance",
        "Metrics of closed trades",
        "Of a window (24h, 7d, 30d or all, ending now or at as_of) or of since and until, as a "
        f"whole or in groups. Medians, streaks and excursions are null beyond {DETAILED} trades.",
        {
            200: Answer(
                "Metrics, or a list of them by group.",
                either(ref("Metrics"), array(ref("Metrics"))),
            )
        },
        parameters=(
            STRATEGY,
            MARKET,
            MODE,
            VERSION,
            query("arm", "Only this arm of an experiment.", parts.text(1, 64)),
            query(
                "window", "Instead of since and until.", parts.words(("24h", "7d", "30d", "all"))
            ),
            SINCE,
            UNTIL,
            query("by", "What to group by.", _BY),
            AS_OF,
        ),
    ),
    ("Clock", "GET"): Operation(
        "Clock",
        "The simulated clock",
        "There is one only under SIMULATION=1.",
        {200: Answer("Where it stands.", ref("Clock"), {"now": examples.NOW})},
        errors=_NO_CLOCK,
    ),
    ("Clock", "POST"): Operation(
        "Clock",
        "Move the simulated clock",
        "Forward only; whatever falls due on the way is run, and what happened is answered.",
        {
            200: Answer(
                "Where it stands, and what happened.",
                ref("ClockMoved"),
                {"now": examples.NOW, "events": []},
            )
        },
        ref("ClockIn"),
        {"now": examples.NOW},
        errors=_NO_CLOCK | {409: ("It stands later already.", ref("Error"))},
    ),
}
