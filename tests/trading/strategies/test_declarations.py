"""The built-in strategies, name by name, against a table written by hand from their rules.

A strategy that is added needs no table here; test_contract.py holds every one to the contract.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trading.strategies import REGISTRY
from trading.strategies.base import Feature
from trading.strategies.common import COMMON_CONTEXT
from trading.strategies.parameters import Value

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"
RUNS = sorted((DATA / "reference").glob("*/parameters.json"))

TRAILING: dict[str, Value] = {
    "enable_trailing_stop": False,
    "trailing_stop_activation_bps": 3.0,
    "trailing_stop_distance_bps": 2.0,
}
DISCIPLINE: dict[str, Value] = {
    "exit_cooldown_seconds": 10,
    "adaptive_cooldown": True,
    "vol_high_threshold": 8.0,
    "vol_low_threshold": 2.0,
    "max_losing_streak": 3,
    "pause_seconds": 300,
    "position_size": 0.1,
}
DEFAULTS: dict[str, dict[str, Value]] = {
    "rsi_bb": {
        "candle_interval_seconds": 15,
        "ema_fast_period": 8,
        "ema_slow_period": 21,
        "bb_period": 20,
        "bb_std": 2.0,
        "rsi_period": 14,
        "atr_period": 14,
        "smoothing": "simple",
        "volume_ma_period": 20,
        "rsi_bullish_threshold": 50.0,
        "rsi_bearish_threshold": 50.0,
        "rsi_momentum_strength": 10.0,
        "volume_multiplier": 1.2,
        "vol_min_bps": 2.0,
        "vol_max_bps": 25.0,
        "trend_confirmation_bps": 2.0,
        "bb_low_zone_min": 0.2,
        "bb_low_zone_max": 0.3,
        "bb_high_zone_min": 0.7,
        "bb_high_zone_max": 0.8,
        "vol_optimal_min": 3.0,
        "take_profit_bps": 8.0,
        "stop_loss_bps": 4.0,
        "max_hold_minutes": 3.0,
        **TRAILING,
        **DISCIPLINE,
    },
    "renko_ao": {
        "candle_interval_seconds": 60,
        "renko_atr_period": 14,
        "renko_atr_multiplier": 1.3,
        "renko_reversal_bricks": 2,
        "renko_fixed_size": 0.0,
        "renko_lookback": 30,
        "ao_fast_period": 5,
        "ao_slow_period": 34,
        "bb_period": 20,
        "bb_std": 2.0,
        "bb_enhancement_threshold": 0.3,
        "min_divergence_strength": 0.08,
        "min_ao_strength_bps": 1.0,
        "min_bricks_since_divergence": 3,
        "brick_min_bps": 2.0,
        "brick_max_bps": 12.0,
        "take_profit_bps": 14.0,
        "stop_loss_bps": 10.0,
        "max_hold_minutes": 10.0,
        **TRAILING,
        **DISCIPLINE,
        "max_losing_streak": 5,
        "pause_seconds": 180,
    },
    "breakout": {
        "candle_interval_seconds": 900,
        "ema_fast_period": 20,
        "ema_slow_period": 50,
        "rsi_period": 14,
        "macd_fast": 12,
        "macd_slow": 26,
        "macd_signal": 9,
        "atr_period": 14,
        "smoothing": "simple",
        "bb_period": 20,
        "bb_std": 2.0,
        "breakout_lookback": 30,
        "rsi_bullish_threshold": 60.0,
        "rsi_bearish_threshold": 40.0,
        "vol_min_bps": 3.0,
        "vol_max_bps": 200.0,
        "min_atr_expansion": 1.1,
        "take_profit_atr_multiplier": 2.5,
        "stop_loss_atr_multiplier": 1.5,
        "trailing_stop_activation_atr": 1.0,
        "trailing_stop_distance_atr": 0.5,
        "max_hold_minutes": 60.0,
        "no_movement_minutes": 30.0,
        **DISCIPLINE,
        "exit_cooldown_seconds": 20,
        "max_losing_streak": 2,
    },
}
FILTERS = {
    "rsi_bb": "volatility losing_streak volume rsi bb_zone trend trend_strength momentum",
    "renko_ao": "divergence divergence_strength ao_strength brick_size confirmation used",
    "breakout": "volatility level rsi macd atr_expansion ema_alignment price_ema",
}
EXIT_REASONS = {
    "rsi_bb": "stop_loss take_profit time_stop trend_reversal",
    "renko_ao": "stop_loss take_profit time_stop ao_reversal",
    "breakout": "stop_loss take_profit breakout_failure time_stop no_movement",
}
FEATURES = {
    "rsi_bb": "rsi_value bb_position atr_bps ema_fast ema_slow ema_trend_strength_bps "
    "volume_ratio recent_momentum",
    "renko_ao": "divergence_type divergence_strength ao_value bb_position atr_bps brick_size "
    "bricks_since_divergence",
    "breakout": "breakout_type breakout_level rsi_value macd_value macd_signal macd_histogram "
    "atr_expanding bb_width ema_fast ema_slow",
}
CONTEXT = {
    "entry": "volatility_bps price_trend volatility_trend entry_hour entry_day_of_week "
    "signal_strength",
    "exit": "mfe_pct mae_pct time_to_mfe_seconds hold_time_seconds reached_tp reached_sl",
}
RULES = {
    "rsi_bb": {
        ("ema_fast_period", "ema_slow_period", False),
        ("rsi_bearish_threshold", "rsi_bullish_threshold", True),
        ("bb_low_zone_min", "bb_low_zone_max", False),
        ("bb_high_zone_min", "bb_high_zone_max", False),
        ("vol_min_bps", "vol_max_bps", False),
        ("vol_low_threshold", "vol_high_threshold", False),
    },
    "renko_ao": {
        ("ao_fast_period", "ao_slow_period", False),
        ("brick_min_bps", "brick_max_bps", False),
        ("min_bricks_since_divergence", "renko_lookback", False),
        ("vol_low_threshold", "vol_high_threshold", False),
    },
    "breakout": {
        ("ema_fast_period", "ema_slow_period", False),
        ("macd_fast", "macd_slow", False),
        ("rsi_bearish_threshold", "rsi_bullish_threshold", True),
        ("vol_min_bps", "vol_max_bps", False),
        ("vol_low_threshold", "vol_high_threshold", False),
    },
}


def names(features: tuple[Feature, ...], at: str) -> list[str]:
    return [feature.name for feature in features if feature.at == at]


@pytest.mark.parametrize("key", DEFAULTS)
def test_parameters_and_defaults_are_those_of_the_rules(key: str) -> None:
    defaults = REGISTRY[key].defaults()
    assert defaults == DEFAULTS[key]
    assert {n: type(v) for n, v in defaults.items()} == {
        n: type(v) for n, v in DEFAULTS[key].items()
    }


@pytest.mark.parametrize("key", DEFAULTS)
def test_filters_and_exits_stand_in_the_order_they_are_tested(key: str) -> None:
    assert list(REGISTRY[key].filters) == FILTERS[key].split()
    assert list(REGISTRY[key].exit_reasons) == EXIT_REASONS[key].split()


@pytest.mark.parametrize("key", DEFAULTS)
def test_features_are_those_of_the_rules_and_known_at_entry(key: str) -> None:
    assert names(REGISTRY[key].features, "entry") == FEATURES[key].split()
    assert names(REGISTRY[key].features, "exit") == []


@pytest.mark.parametrize("at", CONTEXT)
def test_the_common_context_is_known_at_entry_or_exit(at: str) -> None:
    assert names(COMMON_CONTEXT, at) == CONTEXT[at].split()


@pytest.mark.parametrize("key", DEFAULTS)
def test_rules_between_parameters_are_these(key: str) -> None:
    assert {(r.lower, r.upper, r.or_equal) for r in REGISTRY[key].rules} == RULES[key]


@pytest.mark.parametrize("key", DEFAULTS)
def test_no_search_varies_what_guards_the_account_or_changes_no_decision(key: str) -> None:
    tuned = {parameter.name for parameter in REGISTRY[key].parameters if parameter.tuned}
    guards = {"exit_cooldown_seconds", "adaptive_cooldown", "max_losing_streak", "pause_seconds"}
    recorded = {"rsi_bb": {"atr_period"}, "breakout": {"bb_period", "bb_std"}}.get(key, set())
    fixed = {"candle_interval_seconds", "smoothing", "position_size", "renko_fixed_size"}
    assert not tuned & (guards | fixed | recorded)
    assert ("vol_low_threshold" in tuned) == (key == "rsi_bb")


@pytest.mark.skipif(not RUNS, reason="the reference runs are not beside the repository")
@pytest.mark.parametrize("path", RUNS, ids=lambda path: str(path.parent.name))
def test_the_parameters_of_a_live_bot_are_accepted_as_they_are(path: Path) -> None:
    values = json.loads(path.read_text())
    cleaned = REGISTRY["rsi_bb"].clean(values)
    assert {name: cleaned[name] for name in values} == values
