"""A set of parameters as a JSON document: taken to another bot, kept beside its code, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading import clock
from trading.bots.catalog import strategy_of
from trading.models import Origin, ParameterSet, StrategyInstance
from trading.parameters import live
from trading.parameters.errors import Refused
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
    *,
    instance: StrategyInstance,
    document: object,
    reason: str,
    author=None,
    seen: int | None = None,
    name: str | None = None,
    made_by: str = "",
) -> ParameterSet:
    """The values of a document as a new version, live from now on; what it leaves out takes its
    default. ``name`` None keeps the document's, unless another version has it. The document is as
    ``export_set`` writes it, or plain: ``{"rsi_bb": {"rsi_period": 14}}``.

    A document of another strategy, and names that the strategy does not have (any more), are
    refused. Raises Refused, with the key ``document`` where it is no such document.
    """
    strategy = strategy_of(instance)
    values = values_in(document, strategy, instance.name)
    if name is None:
        name = _free_name(instance, document.get("name"))
    return live.promote(
        instance=instance,
        values=values,
        reason=reason,
        origin=Origin.IMPORT,
        author=author,
        seen=seen,
        name=name,
        made_by=made_by,
    )


def strategies_in(document: object) -> list[str]:
    """The names of the strategies that a document holds values of; none where it names none."""
    if _plain(document):
        return list(document)
    of = document.get("strategy") if isinstance(document, dict) else None
    return [of] if isinstance(of, str) else []


def values_in(document: object, strategy: Strategy, name: str) -> Mapping[str, object]:
    """What a document holds for the instance ``name`` of a strategy. Raises Refused."""
    if _plain(document):
        return document[_entry(document, strategy, name)]
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Refused(
            {
                "document": [
                    f'it must be an object with "format": "{FORMAT}", or plain: '
                    f'{{"{strategy.key}": {{"parameter": value}}}}.'
                ]
            }
        )
    unknown = sorted(map(str, document.keys() - _KNOWN))
    if unknown:
        raise Refused({"document": [f"{', '.join(unknown)[:200]}: no such field."]})
    values, of = document.get("values"), document.get("strategy")
    if not isinstance(values, dict):
        raise Refused({"document": ['"values" must be an object of values by parameter.']})
    if not (isinstance(of, str) and _is_of(of, strategy)):
        raise Refused({"document": [f"it holds parameters of {of!r}, not of {strategy.key}."]})
    return values


def _plain(document: object) -> bool:
    """Whether it is values by parameter by strategy, as a person writes them."""
    return (
        isinstance(document, dict)
        and bool(document)
        and "format" not in document
        and all(isinstance(part, dict) for part in document.values())
    )


def _entry(document: dict[str, Any], strategy: Strategy, name: str) -> str:
    """The name under which a plain document has the values: the instance's own, or else the only
    one of its strategy."""
    fitting = [of for of in document if _is_of(of, strategy)]
    if name in fitting:
        return name
    if len(fitting) == 1:
        return fitting[0]
    held = ", ".join(map(repr, fitting or document))[:200]
    missing = name if fitting else strategy.key
    raise Refused({"document": [f"it holds parameters of {held}, not of {missing}."]})


def _is_of(name: str, strategy: Strategy) -> bool:
    return name.partition("@")[0] in (strategy.key, *strategy.aliases)


def _free_name(instance: StrategyInstance, name: object) -> str:
    if not isinstance(name, str) or instance.presets.filter(name=name.strip()).exists():
        return ""
    return name
