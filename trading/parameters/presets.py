"""Names of versions: a set that served well is found again by what it is good for."""

from __future__ import annotations

from django.db import transaction

from trading import clock
from trading.db import locks
from trading.models import ParameterSet, Preset
from trading.parameters import errors
from trading.parameters.errors import Refused

NAME_LENGTH = 60


def name_set(made: ParameterSet, name: str, author=None) -> Preset | None:
    """Give a version a name by which it is found again, another one, or none (empty).

    A name is one version's at a time, and the version itself does not change. Raises Refused.
    """
    name = errors.storable("name", (name or "").strip(), NAME_LENGTH)
    with transaction.atomic():
        locks.lock_bot(made.instance.bot_id)
        if not name:
            Preset.objects.filter(parameter_set=made).delete()
            return None
        taken = Preset.objects.filter(instance=made.instance, name=name)
        other = taken.exclude(parameter_set=made).select_related("parameter_set").first()
        if other:
            version = other.parameter_set.version
            raise Refused({"name": [f"Version {version} has this name; rename that one first."]})
        known = {"instance": made.instance, "name": name, "author": author}
        return Preset.objects.update_or_create(
            parameter_set=made, defaults=known | {"named_at": clock.now()}
        )[0]
