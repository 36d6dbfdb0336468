"""A set of parameters as a JSON document: taken to another bot, kept beside its code, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading import clock, parameters
from trading.declared import strategy_of
from trading.models import Origin, ParameterSet, StrategyInstance
from trading.refusals import Refused
from trading.strategies.base import Strategy

FORMAT = "selflearn-parameters-1"
_KNOWN = {"format", "strategy", "version", "name", "reason", "live_since", "values"}


def export_set(made: ParameterSet) -> dict[str, Any]:
    """A set as a document that ``import_set`` takes: its values as the bot is told them."""
    first = made.live_periods.order_by("live_from").first()
    since = first.live_from if first else made.created_at
    return {
        "format": FORMAT,
        "strategy": made.instance.name,
        "version": made.version,
        "name": made.name,
        "reason": made.reason,
        "live_since": clock.to_text(since),
        "values": strategy_of(made.instance).complete(made.values),
    }


def import_set(
    *, instance: StrategyInstance, document: object, reason: str, author=None,
    seen: int | None = None, name: str | None = None,
) -> ParameterSet:  # fmt: skip
    """The values of a document as a new version, live from now on; what it leaves out takes its
    default. ``name`` None keeps the document's, unless another version has it.

    A document of another strategy, and names that the strategy does not have (any more), are
    refused. Raises Refused, with the key ``document`` where it is no such document.
    """
    strategy = strategy_of(instance)
    values = values_in(document, strategy)
    if name is None:
        name = _free_name(instance, document.get("name"))
    return parameters.promote(
        instance=instance, values=values, reason=reason, origin=Origin.IMPORT, author=author,
        seen=seen, name=name,
    )  # fmt: skip


def values_in(document: object, strategy: Strategy) -> Mapping[str, object]:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Refused({"document": [f'it must be an object with "format": "{FORMAT}".']})
    unknown = sorted(map(str, document.keys() - _KNOWN))
    if unknown:
        raise Refused({"document": [f"{', '.join(unknown)[:200]}: no such field."]})
    values, of = document.get("values"), document.get("strategy")
    if not isinstance(values, dict):
        raise Refused({"document": ['"values" must be an object of values by parameter.']})
    named = of.partition("@")[0] if isinstance(of, str) else of
    if named not in (strategy.key, *strategy.aliases):
        raise Refused({"document": [f"it holds parameters of {of!r}, not of {strategy.key}."]})
    return values


def _free_name(instance: StrategyInstance, name: object) -> str:
    if not isinstance(name, str) or instance.presets.filter(name=name.strip()).exists():
        return ""
    return name
