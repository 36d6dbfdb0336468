"""Panels that other applications add to the pages of a strategy or a trade.

Applications append functions to these lists when they start. Each function returns a panel: a
dict with its ``template`` and the template's variables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from trading.models import Trade
from trading.parameters.outcomes import Outcome

from .strategy_page import StrategyPage

Part = dict[str, Any]
# Called with the page of a strategy's parameters; returns a panel or None.
on_parameters: list[Callable[[StrategyPage], Part | None]] = []
# Called with the history page and the changes on it; returns panels by version.
on_changes: list[Callable[[StrategyPage, Sequence[Outcome]], dict[int, Part]]] = []
# Called with a trade; returns a panel or None.
on_trade: list[Callable[[Trade], Part | None]] = []


def trade(shown: Trade) -> list[Part]:
    """The panels of a trade's page."""
    return [part for panel in on_trade if (part := panel(shown))]


def parameters(page: StrategyPage) -> list[Part]:
    """The panels of a strategy's parameters page."""
    return [part for panel in on_parameters if (part := panel(page))]


def changes(page: StrategyPage, outcomes: Sequence[Outcome]) -> dict[int, list[Part]]:
    """The panels of each change, by the version that went live."""
    parts: dict[int, list[Part]] = {}
    for panel in on_changes:
        for version, part in panel(page, outcomes).items():
            parts.setdefault(version, []).append(part)
    return parts
