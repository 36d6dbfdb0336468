from __future__ import annotations

from collections.abc import Callable

import pytest

from trading.strategies import REGISTRY
from trading.strategies.base import Strategy

from .contract import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("key", REGISTRY)
def test_every_strategy_keeps_the_contract(key: str, check: Callable[[Strategy], None]) -> None:
    check(REGISTRY[key])
