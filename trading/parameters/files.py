"""Parameter files: a set as a JSON document, to keep beside a bot's code or move to another bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from django.contrib.auth.models import User

from trading import clock
from trading.bots.catalog import strategy_of
from trading.models import Origin, ParameterSet, StrategyInstance
from trading.parameters import live
from trading.parameters.errors import Refused
from trading.strategies.base import Strategy

FORMAT = "selflearn-parameters-1"
_KNOWN = {"format", "strategy", "version", "name", "reason", "live_since", "values"}


def export_set(version: ParameterSet) -> dict[str, Any]:
    """Return a document that ``import_set`` takes, with the values as the bot is served them."""
    first = version.live_periods.order_by("live_from").first()
    since = first.live_from if first else version.created_at
    return {
        "format": FORMAT,
        "strategy": version.instance.name,
        "version": version.version,
        "name": version.name,
        "reason": version.reason,
        "live_since": clock.to_text(since),
        "values": strategy_of(version.instance).complete(version.values),
    }


def import_set(
    *,
    instance: StrategyInstance,
    document: object,
    reason: str,
    author: User | None = None,
    seen: int | None = None,
    name: str | None = None,
    made_by: str = "",
) -> ParameterSet:
    """Make the values of a document a new version, live from now on.

    Missing values take their defaults. ``name`` None keeps the document's name, unless another
    version has it. The document is as ``export_set`` writes it, or plain:
    ``{"rsi_bb": {"rsi_period": 14}}``. Raises Refused, keyed ``document`` for another format or
    strategy, and by parameter for names that the strategy does not have.
    """
    strategy = strategy_of(instance)
    values = values_in(document, strategy, instance.name)
    if name is None:
        name = _free_name(instance, document)
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
    """Names of the strategies that a document has values for; empty if it names none."""
    if _is_plain(document):
        return list(document)
    strategy = document.get("strategy") if isinstance(document, dict) else None
    return [strategy] if isinstance(strategy, str) else []


def values_in(document: object, strategy: Strategy, name: str) -> Mapping[str, object]:
    """The values in a document for the instance ``name`` of a strategy. Raises Refused."""
    if _is_plain(document):
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


def _is_plain(document: object) -> TypeGuard[dict[str, dict[str, object]]]:
    """Whether it is values by parameter by strategy, as a person writes them."""
    return (
        isinstance(document, dict)
        and bool(document)
        and "format" not in document
        and all(isinstance(part, dict) for part in document.values())
    )


def _entry(document: Mapping[str, object], strategy: Strategy, name: str) -> str:
    """The key of a plain document's values: the instance's name, or the only one of its
    strategy."""
    matching = [key for key in document if _is_of(key, strategy)]
    if name in matching:
        return name
    if len(matching) == 1:
        return matching[0]
    held = ", ".join(map(repr, matching or document))[:200]
    missing = name if matching else strategy.key
    raise Refused({"document": [f"it holds parameters of {held}, not of {missing}."]})


def _is_of(name: str, strategy: Strategy) -> bool:
    return name.partition("@")[0] in (strategy.key, *strategy.aliases)


def _free_name(instance: StrategyInstance, document: object) -> str:
    """The name that a document gives its set; empty if another version has it."""
    name = document.get("name") if isinstance(document, dict) else None
    if not isinstance(name, str) or instance.presets.filter(name=name.strip()).exists():
        return ""
    return name
