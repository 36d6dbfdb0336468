"""Presets: names of versions, to find a good set again."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from trading import clock
from trading.db import locks
from trading.models import ParameterSet, Preset
from trading.parameters import errors
from trading.parameters.errors import Refused

NAME_LENGTH = 60


def name_set(version: ParameterSet, name: str, author: User | None = None) -> Preset | None:
    """Name or rename a version; an empty name removes it.

    Only one version of an instance can have a name; the version itself does not change. Raises
    Refused.
    """
    name = errors.storable("name", (name or "").strip(), NAME_LENGTH)
    with transaction.atomic():
        locks.lock_bot(version.instance.bot_id)
        if not name:
            Preset.objects.filter(parameter_set=version).delete()
            return None
        same_name = Preset.objects.filter(instance=version.instance, name=name)
        other = same_name.exclude(parameter_set=version).select_related("parameter_set").first()
        if other:
            number = other.parameter_set.version
            raise Refused({"name": [f"Version {number} has this name; rename that one first."]})
        preset, _ = Preset.objects.update_or_create(
            parameter_set=version,
            defaults={
                "instance": version.instance,
                "name": name,
                "author": author,
                "named_at": clock.now(),
            },
        )
        return preset
