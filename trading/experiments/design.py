"""Designs of experiments: which sets are compared, how, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from trading import clock
from trading.assignment import schedule
from trading.bots.catalog import strategy_of
from trading.db import locks
from trading.models import Experiment, ExperimentArm, LiveSet, ParameterSet, StrategyInstance
from trading.parameters import errors
from trading.parameters.diff import same
from trading.parameters.errors import Refused
from trading.strategies.base import InvalidValues

CONTROL = "control"
MOST_ARMS = 5  # beside the control
HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Arm:
    """A set to compare with the control: values (those left out keep their live value), or an
    earlier version."""

    name: str
    values: dict[str, Any] | None = None
    version: int | None = None
    share: int = 1


@dataclass(frozen=True, slots=True)
class Ends:
    """When an experiment ends by itself, whichever comes first; None for never.

    ``max_trades`` (of all arms together) and ``max_days`` are its planned length. The others are
    guardrails on the drawdown and the loss of any arm but the control, in percentage points of its
    total PnL %.
    """

    max_trades: int | None = None
    max_days: float | None = None
    max_drawdown_pct: float | None = None
    max_loss_pct: float | None = None


def create(
    *,
    instance: StrategyInstance,
    name: str,
    arms: Sequence[Arm],
    reason: str,
    design: str = Experiment.Design.AB,
    control_share: int = 1,
    ends: Ends | None = None,
    block_seconds: int | None = None,
    before_days: int = 30,
    notes: str = "",
    seed: int | None = None,
    author: User | None = None,
    made_by: str = "",
) -> Experiment:
    """Plan an experiment; the bot is served no arm before it starts. Raises Refused."""
    reason, ends = errors.reason(reason), ends or Ends()
    name = errors.storable("name", (name or "").strip(), 64)
    values = _checked(instance, design, arms, control_share)
    _check_numbers(ends, block_seconds, before_days, seed)
    if not name:
        raise Refused({"name": ["Give it a name, such as stop_loss_6."]})
    with transaction.atomic():
        locks.lock_bot(instance.bot_id)
        if Experiment.objects.filter(instance=instance, name=name).exists():
            raise Refused({"name": [f"{instance} has an experiment of this name already."]})
        now = clock.now()
        experiment = Experiment.objects.create(
            instance=instance,
            name=name,
            design=design,
            reason=reason,
            author=author,
            notes=errors.storable("notes", notes or "", 10_000),
            made_by=made_by,
            created_at=now,
            seed=_seed(instance, name, now) if seed is None else seed,
            block_seconds=block_seconds or usual_block(instance),
            before_days=before_days,
            max_trades=ends.max_trades,
            max_days=ends.max_days,
            max_drawdown_pct=ends.max_drawdown_pct,
            max_loss_pct=ends.max_loss_pct,
        )
        given = [Arm(CONTROL, share=control_share), *arms]
        for place, (arm, complete) in enumerate(zip(given, values, strict=True)):
            ExperimentArm.objects.create(
                experiment=experiment, place=place, name=arm.name, share=arm.share, values=complete
            )
    return experiment


def usual_block(instance: StrategyInstance) -> int:
    """Default seconds of a block: an hour, or four times the longest holding time of a trade, so
    that few trades reach into the next block."""
    live = live_set(instance)
    minutes = live.values.get("max_hold_minutes", 0) if live else 0
    longest = int(minutes * 60) if isinstance(minutes, int | float) else 0
    return min(max(HOUR, -(-4 * longest // HOUR) * HOUR), 7 * 24 * HOUR)


def live_set(instance: StrategyInstance) -> ParameterSet | None:
    """The live set; None for a strategy that was never seen."""
    live = LiveSet.objects.of(instance).with_sets().first()
    return live.parameter_set if live else None


def _seed(instance: StrategyInstance, name: str, now: datetime) -> int:
    text = f"{instance.pk}:{name}:{clock.to_micros(now)}"
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


def _checked(
    instance: StrategyInstance, design: str, arms: Sequence[Arm], control_share: int
) -> list[dict[str, Any]]:
    """Complete values of the control and the arms. Raises Refused."""
    if design not in Experiment.Design.values:
        raise Refused({"design": [f"must be one of {', '.join(Experiment.Design.values)}."]})
    most = 1 if design == Experiment.Design.BEFORE_AFTER else MOST_ARMS
    if not 1 <= len(arms) <= most:
        raise Refused(
            {
                "arms": [
                    f"Give one arm{'' if most == 1 else f', {most} at most,'} beside the control."
                ]
            }
        )
    names = [CONTROL]
    for arm in arms:
        errors.storable("arms", arm.name, 64)
        if not arm.name or arm.name in names:
            raise Refused({"arms": [f"{arm.name!r}: arms need names of their own, not control."]})
        names.append(arm.name)
    shares = [control_share, *(arm.share for arm in arms)]
    if min(shares) < 1 or sum(schedule.reduced(shares)) > schedule.MOST:
        raise Refused(
            {
                "shares": [
                    "Give shares in small whole numbers, such as 1 and 1, or 7 and 3: in their "
                    f"smallest form they may add up to {schedule.MOST}."
                ]
            }
        )
    strategy, live = strategy_of(instance), live_set(instance)
    control = strategy.complete(live.values if live else strategy.defaults())
    complete = [control, *(_complete(instance, control, arm) for arm in arms)]
    apart(list(zip(names, complete, strict=True)))
    return complete


def _complete(instance: StrategyInstance, control: dict[str, Any], arm: Arm) -> dict[str, Any]:
    strategy = strategy_of(instance)
    if arm.version is not None:
        version = instance.parameter_sets.filter(version=arm.version).first()
        if version is None:
            raise Refused({"arms": [f"{arm.name}: there is no version {arm.version}."]})
        return strategy.complete(version.values)
    try:
        return strategy.clean({**control, **(arm.values or {})})
    except InvalidValues as invalid:
        raise Refused(
            {
                name: [f"{arm.name}: {text}" for text in texts]
                for name, texts in invalid.errors.items()
            }
        ) from invalid


def apart(arms: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Check that no two arms, as (name, values), have the same values. Raises Refused."""
    for index, (name, values) in enumerate(arms):
        for earlier, other in arms[:index]:
            if all(same(values.get(key), other.get(key)) for key in {**values, **other}):
                raise Refused(
                    {"arms": [f"{name} has the same values as {earlier}: nothing to compare."]}
                )


def _check_numbers(
    ends: Ends, block_seconds: int | None, before_days: int, seed: int | None
) -> None:
    if seed is not None and not 0 <= seed < 2**63:
        raise Refused({"seed": ["must be a whole number from 0 to 2^63 - 1."]})
    if block_seconds is not None and not 60 <= block_seconds <= 7 * 24 * HOUR:
        raise Refused({"block_seconds": ["must lie between 60 and 604800 (a week)."]})
    if not 1 <= before_days <= 3_650:
        raise Refused({"before_days": ["must lie between 1 and 3650."]})
    limits = {
        "max_trades": (2, 10**9),
        "max_days": (0.01, 3_650.0),
        "max_drawdown_pct": (1e-6, 1e6),
        "max_loss_pct": (1e-6, 1e6),
    }
    for field, (low, high) in limits.items():
        value = getattr(ends, field)
        if value is not None and not low <= value <= high:
            raise Refused({field: [f"must lie between {low:g} and {high:,g}."]})
