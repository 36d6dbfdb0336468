"""Changes of live parameters.

A change makes a new immutable version and points the instance's LiveSet to it, in one transaction
under the bot's lock; the history of LiveSet has who, when, why, and both versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
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
from trading.strategies.parameters import Value


def instance_for(bot: Bot, name: str) -> StrategyInstance:
    """The bot's instance of a strategy (key, alias, or with ``@label``), created if missing.

    A new instance starts with the declared defaults, live from now on; what was live before is
    unknown. Raises UnknownStrategy.
    """
    key, label, strategy = Declared(bot).find(name)
    known = StrategyInstance.objects.filter(bot=bot, strategy=key, label=label).first()
    if known:
        return known
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        instance, created = StrategyInstance.objects.get_or_create(
            bot=bot, strategy=key, label=label
        )
        if created:
            promote(
                instance=instance,
                values=strategy.defaults(),
                reason="The declared defaults, when the strategy was first seen",
                origin=Origin.DEFAULT,
            )
    return instance


def live_for(bot: Bot, name: str) -> ParameterSet:
    """The live set of a bot's strategy."""
    return LiveSet.objects.of(instance_for(bot, name)).with_sets().get().parameter_set


def promote(
    *,
    instance: StrategyInstance,
    values: Mapping[str, object],
    reason: str,
    origin: str,
    author: User | None = None,
    live_from: datetime | None = None,
    seen: int | None = None,
    name: str = "",
    onto_live: bool = False,
    made_by: str = "",
) -> ParameterSet:
    """Make a new version of an instance's parameters and make it live.

    Missing values take their defaults, or (``onto_live``) keep their live value. ``seen`` is the
    version that was live when the author looked: the change is refused if another one is live by
    now. ``name`` names the version; ``made_by`` says what acts if there is no author: a token, a
    command.

    ``live_from`` in the past records what was live then: trades without a version that were
    entered from then on and before the next change are counted under it; it goes live now only if
    no later set is. Assumed defaults without trades do not count as a later set. Raises Refused
    or one of its kinds: Stale, Frozen, Experimenting.
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
        version = _create(
            instance, cleaned, reason=reason, origin=origin, author=author, made_by=made_by
        )
        if live_from:
            _drop_assumed(instance, start)
        LivePeriod.objects.create(instance=instance, parameter_set=version, live_from=start)
        _make_live(instance, version, start, author)
        if name:
            name_set(version, name, author=author)
        if live_from:
            attribution.renew(instance, start)
    return version


def set_aside(
    *,
    instance: StrategyInstance,
    values: Mapping[str, object],
    reason: str,
    author: User | None = None,
    made_by: str = "",
) -> ParameterSet:
    """Make a new version that is not live: an arm of an experiment.

    Called in a transaction under the bot's lock. Raises Refused, also while parameters are frozen.
    """
    check_thawed(instance)
    return _create(
        instance,
        _cleaned(instance, values),
        reason=errors.reason(reason),
        origin=Origin.EXPERIMENT,
        author=author,
        made_by=made_by,
    )


def _create(
    instance: StrategyInstance, values: Mapping[str, object], **fields: object
) -> ParameterSet:
    newest = instance.parameter_sets.aggregate(newest=Max("version"))["newest"] or 0
    version: ParameterSet = ParameterSet.objects.create(
        instance=instance, version=newest + 1, values=values, created_at=clock.now(), **fields
    )
    return version


def _cleaned(
    instance: StrategyInstance, values: Mapping[str, object], *, onto_live: bool = False
) -> dict[str, Value]:
    strategy = strategy_of(instance)
    if onto_live:
        live = LiveSet.objects.of(instance).with_sets().get()
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
    author: User | None = None,
    seen: int | None = None,
    made_by: str = "",
) -> ParameterSet:
    """Make the values of version ``to`` a new version, live from now on. Raises Refused."""
    earlier = _version(instance, to, "to")
    # Completed: a set stored before a parameter was declared takes its default.
    values = strategy_of(instance).complete(earlier.values)
    return promote(
        instance=instance,
        values=values,
        reason=reason,
        origin=Origin.ROLLBACK,
        author=author,
        seen=seen,
        made_by=made_by,
    )


def _version(instance: StrategyInstance, number: int, field: str) -> ParameterSet:
    version: ParameterSet | None = instance.parameter_sets.filter(version=number).first()
    if version is None:
        numbers = instance.parameter_sets.order_by("version").values_list("version", flat=True)
        known = _listed(list(numbers))
        raise Refused({field: [f"there is no version {number} of {instance.name}; {known}"]})
    return version


def _listed(versions: list[int]) -> str:
    if len(versions) > 10:
        return f"there are {versions[0]} to {versions[-1]}"
    return f"there are {', '.join(map(str, versions))}" if versions else "there is none yet"


def _check_seen(instance: StrategyInstance, seen: int | None) -> None:
    if seen is None:
        return
    known = _version(instance, seen, "seen")
    live = LiveSet.objects.of(instance).select_related("parameter_set__author").get()
    if live.parameter_set_id != known.pk:
        raise Stale(known, live.parameter_set)


def _free_moment(instance: StrategyInstance, now: datetime) -> datetime:
    """Now, or just after the last set went live: simulated time may stand still in between."""
    last = LivePeriod.objects.filter(instance=instance).order_by("-live_from").first()
    return max(now, last.live_from + clock.MICROSECOND) if last else now


def _drop_assumed(instance: StrategyInstance, start: datetime) -> None:
    """Delete later periods of assumed defaults, unless they have trades."""
    assumed = LivePeriod.objects.filter(
        instance=instance, parameter_set__origin=Origin.DEFAULT, live_from__gt=start
    )
    trades = Trade.objects.filter(parameter_set__in=assumed.values("parameter_set"))
    if not trades.exists():
        assumed.delete()


def _make_live(
    instance: StrategyInstance, version: ParameterSet, start: datetime, author: User | None
) -> None:
    """Point LiveSet to a version, unless a later one is live."""
    if LivePeriod.objects.filter(instance=instance, live_from__gt=start).exists():
        return
    live = LiveSet.objects.of(instance).first()
    if live:
        check_thawed(instance)
        _check_idle(instance)
    live = live or LiveSet(strategy_instance=instance)
    live.parameter_set, live.live_from = version, start
    live.reason, live.origin = version.reason, version.origin
    # As django-simple-history documents: who, when and why of the next history row.
    history: Any = live
    history._history_user = author
    history._history_date = clock.now()
    history._change_reason = version.reason
    live.save()


def _check_idle(instance: StrategyInstance) -> None:
    """Raises Experimenting while the live set is the control of an experiment."""
    names = StrategyInstance.objects.filter(pk=instance.pk).values_list("experiment", flat=True)
    if name := names.first():
        raise Experimenting(
            {
                "experiment": [
                    f"{instance} runs the experiment {name}, which compares what is live with "
                    "other values: stop it, or promote one of its arms, and then change the "
                    "parameters."
                ]
            }
        )
