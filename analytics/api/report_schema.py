"""What the addresses of reports and recommendations are for, take and answer."""

from __future__ import annotations

from typing import Any

from analytics.models import Recommendation, Report
from analytics.recommendations.apply import WAYS
from trading.api.schema import parts
from trading.api.schema.operation import STRATEGY, Answer, Operation, Parameter, limit, query
from trading.api.schema.parts import COUNT, MOMENT, TEXT, array, nullable, record, ref, words
from trading.parameters.errors import REASON_LENGTH

_DAY = {"type": "string", "format": "date"}
_ASKED_DAY = parts.matching(parts.DATE)
_OBJECT = {"type": "object"}
_KIND = words(Report.Kind.values)
_BRIEF = {
    "date": _DAY,
    "kind": _KIND,
    "as_of": MOMENT,
    "complete": {"type": "boolean"},
    "news": {"type": "boolean"},
    "made_at": MOMENT,
    "head": array(record(strategy=TEXT, mode=TEXT, text=TEXT)),
}
_ADVICE = {
    "id": COUNT,
    "strategy": TEXT,
    "mode": TEXT,
    "kind": words(Recommendation.Kind.values),
    "sentence": TEXT,
    "changes": _OBJECT,
    "evidence": array(_OBJECT),
    "effect": nullable(_OBJECT),
    "risk": TEXT,
    "test": TEXT,
    "confidence": words(Recommendation.Confidence.values),
    "times": COUNT,
    "standing": {"type": "boolean"},
}
_DECIDED = {
    **_ADVICE,
    "state": words(Recommendation.State.values),
    "first_at": MOMENT,
    "last_at": MOMENT,
    "decided_at": nullable(MOMENT),
    "decided_by": TEXT,
    "reason": TEXT,
}
_HEAD: dict[str, Any] = {
    "date": "2025-11-17",
    "kind": "day",
    "as_of": "2025-11-18T00:00:00.000000Z",
    "complete": True,
    "news": True,
    "made_at": "2025-11-18T00:10:01.000000Z",
    "head": [
        {
            "strategy": "rsi_bb",
            "mode": "live",
            "text": "Win rate 60% (up from 55%, not significant), 42 trades, +0.31% net",
        }
    ],
}
_PROPOSED: dict[str, Any] = {
    "id": 12,
    "strategy": "renko_ao",
    "mode": "live",
    "kind": "parameter",
    "sentence": "Lower renko_ao.min_divergence_strength from 0.5 to 0.08 to get trades.",
    "changes": {"min_divergence_strength": [0.5, 0.08]},
    "evidence": [
        {
            "text": "Backtest of the last 30 days of candles: 0 trades at 0.5, 34 at 0.08 (+0.90% "
            "after assumed costs).",
            "run": 7,
        }
    ],
    "effect": {
        "avg_pnl_pct": 0.03,
        "low": -0.01,
        "high": 0.07,
        "of": "average PnL per trade in the backtest",
        "trades": 34,
    },
    "risk": "The filter may have prevented losses.",
    "test": "Run an experiment.",
    "confidence": "low",
    "times": 3,
    "standing": False,
}
_OPEN = {
    **_PROPOSED,
    "state": "open",
    "first_at": "2025-11-16T00:00:00.000000Z",
    "last_at": "2025-11-18T00:00:00.000000Z",
    "decided_at": None,
    "decided_by": "",
    "reason": "",
}
_REPORT_KIND = query("kind", "A day (the default) or a week.", _KIND)
_PLACE = Parameter("recommendation", "Its id.", parts.matching("[0-9]{1,18}"), True, "path")
_REASON = parts.text(1, REASON_LENGTH) | {"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
_REFUSED = {
    404: ("The bot has no such recommendation.", ref("Error")),
    409: ("It was decided before, or the values cannot go live now.", ref("Error")),
}


def _decision(summary: str, text: str, state: str, **more: Any) -> Operation:
    shape = record(reason=_REASON, **more)
    shape["required"] = ["reason"]
    answer = {
        **_OPEN,
        "state": state,
        "decided_at": "2025-11-18T07:02:11.000000Z",
        "decided_by": "token sl_3f",
        "reason": "Too few trades to go on like this.",
        "made": {"version": 4} if state == "accepted" else {},
    }
    return Operation(
        "Reports",
        summary,
        text,
        {200: Answer("As it is now.", record(**_DECIDED, made=_OBJECT), answer)},
        shape,
        {"reason": "Too few trades to go on like this."},
        (_PLACE,),
        _REFUSED,
    )


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("Reports", "GET"): Operation(
        "Reports",
        "List reports, the newest first",
        "What was known at the end of each day (UTC) and week, as a line per strategy.",
        {200: Answer("Reports.", record(reports=array(record(**_BRIEF))), {"reports": [_HEAD]})},
        parameters=(
            query("kind", "Only days, or only weeks.", _KIND),
            query("before", "Only of days before this one.", _ASKED_DAY),
            limit(30, 500, "reports"),
        ),
    ),
    ("OneReport", "GET"): Operation(
        "Reports",
        "Read a report",
        "Everything that a report says, as it was known then: data holds the numbers behind each "
        "sentence, recommendations those of that moment.",
        {
            200: Answer(
                "The report.",
                record(**_BRIEF, data=_OBJECT, recommendations=array(_OBJECT)),
                {
                    **_HEAD,
                    "data": {"kind": "day", "day": "2025-11-17"},
                    "recommendations": [_PROPOSED],
                },
            )
        },
        parameters=(
            Parameter(
                "day", "Its day; of a week the last one, a Sunday.", _ASKED_DAY, True, "path"
            ),
            _REPORT_KIND,
        ),
        errors={404: ("There is no report of that day.", ref("Error"))},
    ),
    ("Recommendations", "GET"): Operation(
        "Reports",
        "List recommendations",
        "What to do, or not to do, with a strategy, each with its evidence, the effect that is "
        "expected, the risk, and what would test it.",
        {
            200: Answer(
                "Recommendations.",
                record(recommendations=array(record(**_DECIDED))),
                {"recommendations": [_OPEN]},
            )
        },
        parameters=(
            STRATEGY,
            query("state", "Only in this state.", words(Recommendation.State.values)),
            limit(50, 500, "recommendations"),
        ),
    ),
    ("Accept", "POST"): _decision(
        "Accept a recommendation",
        "Do what it says. how=change makes its values live as a new version; how=experiment plans "
        "an experiment with them, to be started; made says which. One that asks for no values is "
        "only noted.",
        "accepted",
        how=words(WAYS) | {"default": "change"},
    ),
    ("Dismiss", "POST"): _decision(
        "Dismiss a recommendation",
        "Say why not; the same is not proposed again for 30 days.",
        "dismissed",
    ),
}
