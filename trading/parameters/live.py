"""The door: the only way by which a strategy's parameters change.

A change makes a new immutable version and moves the instance's pointer to it, in one transaction
under the bot's lock; the pointer's history says who, when, why, and from which version to which.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from trading import clock
from trading.assignment import attribution
from trading.bots.catalog import Declared, strategy_of
from trading.db import locks
from trading.models import Bot, LivePeriod, LiveSet, Origin, ParameterSet, StrategyInstance, Trade
from trading.parameters import errors
from trading.parameters.errors import Experimenting, Refused, Stale
from trading.parameters.freeze import check_thawed
from trading.parameters.presets import name_set
from trading.strategies.base import InvalidValues


def instance_for(bot: Bot, name: str) -> StrategyInstance:
    """The bot's instance of a strategy (key, alias, or with ``@label``); made where missing.

    A new instance starts with the declared defaults live from now on; what was live before is
    not known. Raises UnknownStrategy.
    """
    key, label, strategy = Declared(bot).find(name)
    found = StrategyInstance.objects.filter(bot=bot, strategy=key, label=label).first()
    if found:
        return found
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        instance, made = StrategyInstance.objects.get_or_create(bot=bot, strategy=key, label=label)
        if made:
            promote(
                instance=instance,
                values=strategy.defaults(),
                reason="The declared defaults, when the strategy was first seen",
                origin=Origin.DEFAULT,
            )
    return instance


def live_for(bot: Bot, name: str) -> ParameterSet:
    """The set that is live now for a bot's strategy."""
    return (
        LiveSet.objects.select_related("parameter_set")
        .get(strategy_instance=instance_for(bot, name))
        .parameter_set
    )


def promote(
    *,
    instance: StrategyInstance,
    values: Mapping[str, object],
    reason: str,
    origin: str,
    author=None,
    live_from: datetime | None = None,
    seen: int | None = None,
    name: str = "",
    onto_live: bool = False,
    made_by: str = "",
) -> ParameterSet:
    """Make a new version of an instance's parameters and let it be live.

    Missing values take their defaults, or (``onto_live``) stay as they are live. ``seen`` is the
    version that was live when the author looked: where another one is by now, the change is
    refused. ``name`` is one to find the set by, ``made_by`` what acts where
    there is no author: a token, a command.

    ``live_from`` in the past says what was live then: trades without a version of their own,
    entered from then on and before the next change, are counted under it; the pointer moves
    unless a later set is live already. Defaults that were only assumed, since nothing was known,
    and made no trade, are no later set. Raises Refused; Stale, Frozen and Experimenting are kinds
    of it.
    """
    reason = errors.reason(reason)
    cleaned = None if onto_live else _cleaned(instance, values)
    now = clock.now()
    if live_from and live_from > now:
        raise Refused({"live_from": ["must not be in the future."]})
    with transaction.atomic():
        locks.lock_bot(instance.bot_id)
        _check_seen(instance, seen)
        if cleaned is None:
            cleaned = _cleaned(instance, values, onto_live=True)
        start = live_from or _free_moment(instance, now)
        if LivePeriod.objects.filter(instance=instance, live_from=start).exists():
            raise Refused({"live_from": ["another set went live at this very moment."]})
        made = _next(
            instance, cleaned, reason=reason, origin=origin, author=author, made_by=made_by
        )
        if live_from:
            _drop_assumed(instance, start)
        LivePeriod.objects.create(instance=instance, parameter_set=made, live_from=start)
        _point(instance, made, start, reason, origin, author)
        if name:
            name_set(made, name, author=author)
        if live_from:
            attribution.renew(instance, start)
    return made


def set_aside(
    *,
    instance: StrategyInstance,
    values: Mapping[str, object],
    reason: str,
    author=None,
    made_by: str = "",
) -> ParameterSet:
    """A new version that is not live: an arm of an experiment. Called in a transaction under the
    bot's lock. Raises Refused, also while the parameters are frozen."""
    check_thawed(instance)
    return _next(
        instance,
        _cleaned(instance, values),
        reason=errors.reason(reason),
        origin=Origin.EXPERIMENT,
        author=author,
        made_by=made_by,
    )


def _next(instance: StrategyInstance, values: Mapping[str, object], **how: object) -> ParameterSet:
    newest = instance.parameter_sets.aggregate(newest=Max("version"))["newest"] or 0
    return ParameterSet.objects.create(
        instance=instance, version=newest + 1, values=values, created_at=clock.now(), **how
    )


def _cleaned(
    instance: StrategyInstance, values: Mapping[str, object], *, onto_live: bool = False
) -> dict[str, object]:
    strategy = strategy_of(instance)
    if onto_live:
        live = LiveSet.objects.select_related("parameter_set").get(strategy_instance=instance)
        values = {**strategy.complete(live.parameter_set.values), **values}
    try:
        return strategy.clean(values)
    except InvalidValues as invalid:
        raise Refused(invalid.errors) from invalid


def roll_back(
    *,
    instance: StrategyInstance,
    to: int,
    reason: str,
    author=None,
    seen: int | None = None,
    made_by: str = "",
) -> ParameterSet:
    """The values of version ``to`` as a new version, live from now on. Raises Refused."""
    found = _version(instance, to, "to")
    # Read with today's declaration: a set stored before a parameter was added has its default.
    values = strategy_of(instance).complete(found.values)
    return promote(
        instance=instance,
        values=values,
        reason=reason,
        origin=Origin.ROLLBACK,
        author=author,
        seen=seen,
        made_by=made_by,
    )


def _version(instance: StrategyInstance, version: int, field: str) -> ParameterSet:
    found = instance.parameter_sets.filter(version=version).first()
    if found is None:
        known = _named(
            list(instance.parameter_sets.order_by("version").values_list("version", flat=True))
        )
        raise Refused({field: [f"there is no version {version} of {instance.name}; {known}"]})
    return found


def _named(versions: list[int]) -> str:
    if len(versions) > 10:
        return f"there are {versions[0]} to {versions[-1]}"
    return f"there are {', '.join(map(str, versions))}" if versions else "there is none yet"


def _check_seen(instance: StrategyInstance, seen: int | None) -> None:
    if seen is None:
        return
    known = _version(instance, seen, "seen")
    live = LiveSet.objects.select_related("parameter_set__author").get(strategy_instance=instance)
    if live.parameter_set_id != known.pk:
        raise Stale(known, live.parameter_set)


def _free_moment(instance: StrategyInstance, now: datetime) -> datetime:
    """Now, or just after the last set went live: a moment has one live set, and simulated time
    may stand still between two changes."""
    last = LivePeriod.objects.filter(instance=instance).order_by("-live_from").first()
    return max(now, last.live_from + clock.MICROSECOND) if last else now


def _drop_assumed(instance: StrategyInstance, start: datetime) -> None:
    assumed = LivePeriod.objects.filter(
        instance=instance, parameter_set__origin=Origin.DEFAULT, live_from__gt=start
    )
    made_trades = Trade.objects.filter(parameter_set__in=assumed.values("parameter_set"))
    if not made_trades.exists():
        assumed.delete()


def _point(instance, made, start, reason, origin, author) -> None:
    """Let the pointer be at the set that is live last."""
    if LivePeriod.objects.filter(instance=instance, live_from__gt=start).exists():
        return
    live = LiveSet.objects.filter(strategy_instance=instance).first()
    if live:
        check_thawed(instance)
        _check_idle(instance)
    live = live or LiveSet(strategy_instance=instance)
    live.parameter_set, live.live_from = made, start
    live.reason, live.origin = reason, origin
    live._history_user = author
    live._history_date = clock.now()
    live._change_reason = reason
    live.save()


def _check_idle(instance: StrategyInstance) -> None:
    """Raises Experimenting while what is live is the control of an experiment."""
    found = StrategyInstance.objects.filter(pk=instance.pk).values_list("experiment", flat=True)
    if name := found.first():
        raise Experimenting(
            {
                "experiment": [
                    f"{instance} runs the experiment {name}, which compares what is live with "
                    "other values: stop it, or promote one of its arms, and then change the "
                    "parameters."
                ]
            }
        )
