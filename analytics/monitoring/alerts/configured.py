"""The alert rules in use: settings of a strategy, a bot or everywhere, else the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from analytics.models import AlertRuleSetting, Progress
from analytics.monitoring.alerts import REGISTRY
from analytics.monitoring.alerts.base import ORDER, AlertRule, InvalidRule, Values
from trading import clock


@dataclass(frozen=True, slots=True)
class ConfiguredRule:
    """An alert rule with the settings that apply to one strategy, bot or the installation.

    ``row``: the stored settings, None where the declared defaults apply.
    """

    rule: AlertRule
    enabled: bool
    severity: str
    parameters: Values
    row: AlertRuleSetting | None = None


class ConfiguredRules:
    """The settings of all rules, read once."""

    def __init__(self) -> None:
        self._rows = {
            (row.kind, row.bot_id, row.instance_id): row for row in AlertRuleSetting.objects.all()
        }

    def of(self, kind: str, bot: int | None = None, instance: int | None = None) -> ConfiguredRule:
        """The most specific settings: strategy, then bot, then global, then the defaults."""
        rule = REGISTRY[kind]
        for place in ((bot, instance), (bot, None), (None, None)):
            row = self._rows.get((kind, *place))
            if row is not None:
                return ConfiguredRule(
                    rule, row.enabled, row.severity, rule.complete(row.parameters), row
                )
        return ConfiguredRule(rule, rule.enabled, str(rule.severity), rule.defaults())


def change(
    *,
    kind: str,
    bot: int | None = None,
    instance: int | None = None,
    enabled: bool,
    severity: str,
    parameters: Mapping[str, object],
    by: User | None = None,
) -> AlertRuleSetting:
    """Set a rule for a strategy (with its bot), a bot, or globally. Raises InvalidRule."""
    if kind not in REGISTRY:
        raise InvalidRule({"kind": [f"must be one of {', '.join(REGISTRY)}"]})
    if severity not in ORDER:
        raise InvalidRule({"severity": [f"must be one of {', '.join(ORDER)}"]})
    cleaned = REGISTRY[kind].clean(parameters)
    with transaction.atomic():
        row, _ = AlertRuleSetting.objects.update_or_create(
            kind=kind,
            bot_id=bot,
            instance_id=instance,
            defaults={
                "enabled": bool(enabled),
                "severity": severity,
                "parameters": cleaned,
                "changed_at": clock.now(),
                "changed_by": by,
            },
        )
        check_again()
    return row


def back_to_default(*, kind: str, bot: int | None = None, instance: int | None = None) -> bool:
    """Delete the settings of one place; less specific ones apply again. False without any."""
    settings = AlertRuleSetting.objects.filter(kind=kind, bot=bot, instance=instance)
    with transaction.atomic():
        check_again()
        return bool(settings.delete()[0])


def check_again() -> None:
    """Check the rules about whole days in the next run instead of tomorrow."""
    Progress.objects.update(day=None)
