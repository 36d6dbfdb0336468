"""The inputs of alert rules about this installation: jobs, queues, disk."""

from __future__ import annotations

import shutil
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings

from analytics.jobs import status
from analytics.models import JobRun

EXAMINED = "examine_database"


class SystemFrame:
    """This installation now; its state is not stored, so a past moment cannot be checked."""

    about = "This installation"

    def __init__(self, as_of: datetime) -> None:
        self.as_of = as_of

    @cached_property
    def standings(self) -> list[status.Standing]:
        return status.standings(self.as_of)

    @cached_property
    def queues(self) -> dict[str, dict[str, Any]]:
        return status.queues(self.as_of)

    @cached_property
    def late(self) -> list[str]:
        return status.late(self.as_of)

    def failures(self, job: str, most: int = 100) -> int:
        """The number of consecutive failures up to the last run."""
        ended = JobRun.objects.filter(job=job).exclude(state__in=JobRun.ACTIVE)
        count = 0
        for state in ended.order_by("-due").values_list("state", flat=True)[:most]:
            if state == JobRun.State.OK:
                break
            count += 1
        return count

    @cached_property
    def disk(self) -> tuple[int, int]:
        """Free and total bytes of the data disk."""
        usage = shutil.disk_usage(settings.DATA_DIR)
        return usage.free, usage.total

    @cached_property
    def damage(self) -> str:
        """The error of the last database integrity check; empty if it found no damage."""
        last = (
            JobRun.objects.filter(job=EXAMINED)
            .exclude(state__in=JobRun.ACTIVE)
            .order_by("-due")
            .values_list("state", "error")
            .first()
        )
        return last[1] if last and last[0] == JobRun.State.FAILED and "damaged" in last[1] else ""
