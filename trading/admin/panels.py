"""What other parts of the product show on the pages about one strategy, or one trade.

They put functions into these lists when they start; nothing here knows what they tell. Each part
they answer is a dict with the ``template`` that shows it, and what that needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trading.models import Trade
from trading.parameters.outcomes import Outcome

from .strategy_page import StrategyPage

Part = dict[str, Any]
# Asked with the page of a strategy's parameters: a part, or None where there is nothing to say.
on_parameters: list[Callable[[StrategyPage], Part | None]] = []
# Asked with the page and the changes it tells: a part for each version that there is one for.
on_changes: list[Callable[[StrategyPage, Sequence[Outcome]], dict[int, Part]]] = []
# Asked with a trade: a part for its page, or None.
on_trade: list[Callable[[Trade], Part | None]] = []


def trade(one: Trade) -> list[Part]:
    """The parts of the page of a trade."""
    return [part for ask in on_trade if (part := ask(one))]


def parameters(page: StrategyPage) -> list[Part]:
    """The parts of the page of a strategy's parameters."""
    return [part for ask in on_parameters if (part := ask(page))]


def changes(page: StrategyPage, outcomes: Sequence[Outcome]) -> dict[int, list[Part]]:
    """The parts of each change, by the version that it made live."""
    found: dict[int, list[Part]] = {}
    for ask in on_changes:
        for version, part in ask(page, outcomes).items():
            found.setdefault(version, []).append(part)
    return found
