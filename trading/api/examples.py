"""Examples of requests and answers, for the API's description."""

from __future__ import annotations

from typing import Any

from trading.strategies import get

NOW = "2025-03-03T12:00:00.000000Z"
_PLACE = {"strategy": "rsi_bb", "market": "BTC-PERP"}

TRADE: dict[str, Any] = {
    "id": "2025-03-03-0017",
    **_PLACE,
    "side": "long",
    "entry_price": "91250.5",
    "exit_price": "91780",
    "size": "0.012",
    "entry_time": "2025-03-03T10:02:00Z",
    "exit_time": "2025-03-03T11:14:30Z",
    "exit_reason": "take_profit",
    "fee": "0.93",
    "stop_loss": "90800",
    "parameter_set": 1,
    "context": {
        "volatility_bps": 42.5,
        "price_trend": "up",
        "signal_strength": 0.7,
        "mfe_pct": 0.66,
        "mae_pct": -0.12,
    },
}
TRADE_STORED = TRADE | {
    "entry_time": "2025-03-03T10:02:00.000000Z",
    "exit_time": "2025-03-03T11:14:30.000000Z",
    "pnl_pct": 0.49533,
    "pnl": "5.424",
    "arm": None,
    "mode": "live",
    "tag": "",
    "currency": "USD",
    "leverage": None,
    "flagged": False,
    "revision": 0,
}
TRADES = {"trades": [TRADE_STORED], "next": None}
POSITION = {
    **_PLACE,
    "side": "long",
    "entry_price": "91790",
    "size": "0.012",
    "stop_loss": "91300",
    "entry_time": "2025-03-03T11:40:00Z",
    "as_of": "2025-03-03T11:59:00Z",
    "order_id": "ord-5512",
    "extra": {"trailing": True},
}
POSITION_STORED: dict[str, Any] = POSITION | {
    "take_profit": None,
    "initial_size": None,
    "scaled_entries": [],
    "entry_time": "2025-03-03T11:40:00.000000Z",
    "as_of": "2025-03-03T11:59:00.000000Z",
}
CANDLES = {
    "market": "BTC-PERP",
    "interval": 60,
    "candles": [
        [1741003080, 91790, 91812.5, 91781, 91805, 3.21],
        [1741003140, 91805, 91830, 91799.5, 91828, None],
    ],
}
CANDLES_STORED = CANDLES
_BRICK: dict[str, Any] = {
    "sequence": 118,
    "open_time": "2025-03-03T11:31:00Z",
    "close_time": "2025-03-03T11:52:00Z",
    "open": 91700,
    "close": 91800,
    "direction": "up",
    "high": 91806,
    "low": 91688,
    "size": 100,
}
_BRICK_STORED = _BRICK | {
    "open_time": "2025-03-03T11:31:00.000000Z",
    "close_time": "2025-03-03T11:52:00.000000Z",
    "direction": 1,
}
BRICKS = {**_PLACE, "strategy": "renko_ao", "bricks": [_BRICK]}
BRICKS_STORED = BRICKS | {"bricks": [_BRICK_STORED]}
STATE = {"value": {"rsi": [31.2, 29.8], "bullish": True}, "as_of": "2025-03-03T11:59:00Z"}
STATE_STORED = {"key": "divergence", **STATE, "as_of": "2025-03-03T11:59:00.000000Z"}
EVALUATION = {
    **_PLACE,
    "from": "2025-03-03T11:00:00Z",
    "to": "2025-03-03T12:00:00Z",
    "evaluations": 60,
    "signals": 2,
    "blocked": {"trend": 41, "volatility": 17},
}
HEARTBEAT = {"version": "1.8.2", "started_at": "2025-03-03T06:00:00Z", "status": "trading"}
HEARTBEAT_ANSWER = {"parameters_etag": '"5f0c1d9a7b3e4f6081a2c3d4"', "server_time": NOW}
PARAMETERS_SERVED = {
    "strategy": "rsi_bb",
    "version": 2,
    "values": get("rsi_bb").defaults(),
    "experiment": None,
    "arm": None,
    "size": 1.0,
    "status": "learning",
    "valid_until": None,
}
PARAMETERS = {"values": {"rsi_period": 12}, "reason": "React a little earlier"}
ROLLBACK = {"to": 1, "reason": "Win rate fell after the last change"}
CHANGE = {
    "strategy": "rsi_bb",
    "parameter_name": "rsi_period",
    "old_value": 14,
    "new_value": 12,
    "changed_at": NOW,
    "changed_by": "api",
    "reason": "React a little earlier",
    "version": 2,
    "performance_before": 0.021,
    "performance_after": None,
    "trades_before": 214,
    "trades_after": 12,
}
STRATEGY = {
    "key": "grid",
    "title": "Grid",
    "parameters": [
        {"name": "levels", "type": "integer", "default": 8, "low": 2, "high": 40},
        {
            "name": "spacing_bps",
            "type": "number",
            "default": 25,
            "low": 5,
            "high": 200,
            "unit": "bps",
        },
    ],
    "features": ["inventory"],
    "arms": [{"levels": 8}, {"levels": 12}],
}
STRATEGY_STORED = get("breakout").describe() | {"context": []}
RECOVERY = {
    "parameters": [PARAMETERS_SERVED],
    "positions": [POSITION_STORED],
    "candles": [CANDLES_STORED],
    "bricks": [BRICKS_STORED],
    "state": {"divergence": STATE_STORED},
    "server_time": NOW,
}
