"""Examples of answers, for the API's description."""

from __future__ import annotations

from typing import Any

ALERT: dict[str, Any] = {
    "id": 17,
    "kind": "losing_streak",
    "strategy": "rsi_bb",
    "mode": "live",
    "state": "open",
    "severity": "warning",
    "sentence": "rsi_bb of Mara lost 14 trades in a row. Chance brings 13 once in 365 days; the "
    "longest streak until now was 9.",
    "advice": "Look whether the losses have one reason: the same market, hour or exit.",
    "evidence": {"streak": 14, "limit": 13},
    "opened_at": "2025-03-03T11:00:00.000000Z",
    "seen_at": "2025-03-03T12:00:00.000000Z",
    "changed_at": "2025-03-03T11:00:00.000000Z",
    "snoozed_until": None,
    "resolved_at": None,
}
ALERT_WITH_EVENTS = ALERT | {
    "events": [
        {
            "type": "opened",
            "at": "2025-03-03T11:00:00.000000Z",
            "severity": "warning",
            "sentence": ALERT["sentence"],
            "by": None,
            "note": "",
        }
    ]
}
REPORT: dict[str, Any] = {
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
            "text": "Win rate 60% (up from 55%, within chance), 42 trades, +0.31% net",
        }
    ],
}
RECOMMENDATION: dict[str, Any] = {
    "id": 12,
    "strategy": "renko_ao",
    "mode": "live",
    "kind": "parameter",
    "sentence": "Lower renko_ao.min_divergence_strength from 0.5 to 0.08: it would trade.",
    "changes": {"min_divergence_strength": [0.5, 0.08]},
    "evidence": [
        {
            "text": "Replayed on the 30 days before: 0 trades at 0.5, 34 at 0.08 (+0.9% after "
            "assumed costs).",
            "run": 7,
        }
    ],
    "effect": {"avg_pnl_pct": 0.03, "low": -0.01, "high": 0.07, "trades": 34},
    "risk": "The filter may have held back losses.",
    "test": "An experiment.",
    "confidence": "low",
    "times": 3,
    "standing": False,
}
RECOMMENDATION_OPEN = {
    **RECOMMENDATION,
    "state": "open",
    "first_at": "2025-11-16T00:00:00.000000Z",
    "last_at": "2025-11-18T00:00:00.000000Z",
    "decided_at": None,
    "decided_by": "",
    "reason": "",
}
RUN: dict[str, Any] = {
    "id": 4,
    "kind": "backtest",
    "state": "done",
    "progress": 1.0,
    "error": "",
    "label": "",
    "strategy": "rsi_bb",
    "market": "BTC-PERP",
    "interval": 60,
    "from": None,
    "to": None,
    "bars": 44640,
    "costs": {"fee_bps": 5.0, "spread_bps": 1.0, "slippage_bps": 1.0, "source": "as given"},
    "data_hash": "6a09e667f3bcc908b2fb1366ea957d3e",
    "code_version": "9b05688c2b3e6c1f",
    "metrics": {"trades": 1, "win_rate": 1.0, "total_pnl_pct": 0.08},
    "created_at": "2025-03-03T11:00:00.000000Z",
    "ended_at": "2025-03-03T11:00:02.000000Z",
}
RUN_WITH_TRADES = RUN | {
    "values": {"stop_loss_bps": 4.0},
    "options": {"intrabar": None, "next_open": False},
    "summary": {"gaps": 0},
    "funnel": {"evaluations": 10, "signals": 1, "blocked": {"volatility": 9}},
    "trades_in_all": 1,
    "trades": [
        {
            "side": "long",
            "entry_time": "2025-03-02T11:00:00.000000Z",
            "exit_time": "2025-03-02T11:02:00.000000Z",
            "entry_price": 100.0,
            "exit_price": 100.1,
            "pnl_pct": 0.08,
            "exit_reason": "take_profit",
            "stop_loss": 99.96,
            "take_profit": 100.08,
            "context": {"volatility_bps": 3.1},
            "features": {"rsi_value": 61.2},
        }
    ],
}
