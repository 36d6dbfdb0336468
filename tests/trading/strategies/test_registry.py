from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.strategies import (
    REGISTRY,
    MalformedName,
    UnknownStrategy,
    _index,
    canonical,
    get,
    parse,
    split,
)
from trading.strategies.parameters import BadDeclaration

ROOT = Path(__file__).parents[3]
BUILT_IN = ("rsi_bb", "renko_ao", "breakout")  # others may follow them


def test_the_built_in_strategies_stand_in_their_order() -> None:
    assert tuple(REGISTRY)[: len(BUILT_IN)] == BUILT_IN
    assert all(key == strategy.key for key, strategy in REGISTRY.items())


@pytest.mark.parametrize(
    "name", ["rsi_bb", "mean_reversion", "rsi_bb@sol", "mean_reversion@s-o.l_1"]
)
def test_a_key_an_alias_and_an_instance_lead_to_the_same_strategy(name: str) -> None:
    assert get(name) is REGISTRY["rsi_bb"]


def test_a_name_splits_into_canonical_key_and_label() -> None:
    assert split("mean_reversion@sol") == ("rsi_bb", "sol")
    assert split("breakout") == ("breakout", "")
    assert canonical("mean_reversion@sol") == "rsi_bb@sol"
    assert canonical("mean_reversion") == "rsi_bb"


def test_a_well_formed_name_is_parsed_whether_it_is_known_or_not() -> None:
    assert parse("my_own_rule@btc-1") == ("my_own_rule", "btc-1")


def test_an_unknown_strategy_is_told_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(UnknownStrategy) as caught:
        get("rsi_b@sol")
    assert str(caught.value) == (
        f"there is no strategy 'rsi_b@sol' (there are {', '.join(REGISTRY)}); did you mean rsi_bb?"
    )
    assert caught.value.known == tuple(REGISTRY)
    assert caught.value.suggestion == "rsi_bb"


def test_nothing_is_suggested_where_nothing_is_near() -> None:
    with pytest.raises(UnknownStrategy) as caught:
        get("zzz")
    assert caught.value.suggestion is None
    assert "did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "@sol",
        "rsi_bb@",
        "rsi_bb@a@b",
        "RSI_BB",
        "rsi bb",
        "rsi_bb\n",
        "rsi_bb@SOL",
        "r" * 41,
        "rsi_bb@" + "s" * 41,
        "r\u0660",
        "x" * 1_000_000,
    ],
)
def test_a_malformed_name_is_an_unknown_strategy_and_says_how_names_look(name: str) -> None:
    for ask in (get, split, canonical, parse):
        with pytest.raises(UnknownStrategy, match="is not a strategy name") as caught:
            ask(name)
        assert isinstance(caught.value, MalformedName)
        assert len(str(caught.value)) < 300


@given(st.from_regex(r"[a-z0-9_.-]{1,40}", fullmatch=True), st.sampled_from(list(REGISTRY)))
def test_canonical_names_stay_as_they_are(label: str, key: str) -> None:
    assert canonical(f"{key}@{label}") == f"{key}@{label}"


def test_the_registry_cannot_be_changed_from_outside() -> None:
    with pytest.raises(TypeError):
        REGISTRY["mine"] = REGISTRY["rsi_bb"]  # type: ignore[index]


def test_two_strategies_cannot_answer_to_one_name() -> None:
    with pytest.raises(BadDeclaration, match="two strategies answer to 'rsi_bb'"):
        _index((REGISTRY["rsi_bb"], REGISTRY["rsi_bb"]))


def test_a_bot_can_import_the_declarations_without_the_web_framework() -> None:
    script = "import sys, trading.strategies; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
