"""The timetable: what runs by itself, and when.

A job is a plain function: it takes ``as_of`` (the moment it fell due, aware, UTC), reads nothing
later, may run twice for one moment without changing anything more, and returns a summary that JSON
can hold. What it lists under "events" is what happened, as ``POST clock/`` answers it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
DAY, WEEK, NEVER = timedelta(days=1), timedelta(weeks=1), timedelta(days=400_000)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUEUES = ("short", "long")  # up to 5 minutes; up to an hour
CATCH_UP = ("once", "each day")
_AT = re.compile(rf"(?:({'|'.join(WEEKDAYS)}) )?([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Job:
    """One line of the timetable.

    ``every``: at its multiples since 1970, so that a restart shifts nothing; or ``at``, in UTC:
    "06:30" each day, "mon 06:30" each week; neither: on request only (``analytics.jobs.submit``),
    with arguments. ``grace``: how much later than due it may end before it counts as late.
    ``catch_up``: what was missed while nothing ran is made up for by one run ("once"), or by one
    for each moment missed, in order ("each day"). ``wanted``: a function that says whether there
    is anything to do here. ``simulated``: whether it runs in simulated time too; what looks after
    this installation (its queue, its disk) does not.
    """

    name: str
    title: str
    function: str
    every: timedelta | None = None
    at: str = ""
    queue: str = "short"
    grace: timedelta = timedelta(minutes=10)
    catch_up: str = "once"
    wanted: str = ""
    simulated: bool = True
    period: timedelta = field(init=False)
    offset: timedelta = field(init=False)

    def __post_init__(self) -> None:
        if self.every is not None and self.at:
            raise ValueError(f"job {self.name}: give every or at, not both")
        if self.queue not in QUEUES or self.catch_up not in CATCH_UP:
            raise ValueError(f"job {self.name}: unknown queue or catch_up")
        if not re.fullmatch(r"[a-z0-9_]{1,40}", self.name) or "." not in self.function:
            raise ValueError(f"job {self.name}: name in [a-z0-9_], function with its module")
        every = NEVER if self.every is None else self.every
        period, offset = _clock(self.at) if self.at else (every, timedelta())
        if period < timedelta(seconds=1):
            raise ValueError(f"job {self.name}: more often than once a second")
        object.__setattr__(self, "period", period)
        object.__setattr__(self, "offset", offset)

    def last_due(self, now: datetime) -> datetime:
        """The newest moment at which it fell due, ``now`` included."""
        start = EPOCH + self.offset
        return start + (now - start) // self.period * self.period

    def next_due(self, after: datetime) -> datetime:
        """The first moment later than ``after``; the end of time for one on request."""
        return self.last_due(after) + self.period if self.timed else LAST

    def due(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """All moments later than ``after``, up to and with ``until``, in order."""
        moment = self.next_due(after)
        while self.timed and moment <= until:
            yield moment
            moment += self.period

    @property
    def timed(self) -> bool:
        """Whether it falls due by itself."""
        return self.period != NEVER

    @property
    def schedule(self) -> str:
        """When it runs, for people."""
        if not self.timed:
            return "on request"
        if self.at:
            day, _, time = self.at.rpartition(" ")
            return f"{day.capitalize() or 'daily'} at {time} UTC"
        seconds = int(self.period.total_seconds())
        for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
            if seconds % size == 0:
                number = seconds // size
                return f"every {unit}" if number == 1 else f"every {number} {unit}s"
        raise AssertionError("every number of seconds is a multiple of one")


def _clock(text: str) -> tuple[timedelta, timedelta]:
    """The period and the offset since 1970, a Thursday, of "06:30" or "mon 06:30"."""
    found = _AT.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a time of the timetable: write 06:30 or "mon 06:30"')
    day, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if day is None:
        return DAY, offset
    return WEEK, offset + ((WEEKDAYS.index(day) - EPOCH.weekday()) % 7) * DAY


TIMETABLE: tuple[Job, ...] = (
    Job(
        "monitor",
        "Watch: snapshots and alerts",
        "analytics.monitoring.stage.monitor",
        every=timedelta(hours=1),
    ),
    Job(
        "pulse",
        "Watch: silent bots, work that waits",
        "analytics.monitoring.stage.pulse",
        every=timedelta(minutes=1),
        simulated=False,
    ),
    Job(
        "tell",
        "Tell people of alerts and reports",
        "analytics.notifications.deliver",
        every=timedelta(minutes=1),
        simulated=False,
    ),
    Job(
        "replay",
        "Replay stored candles",
        "analytics.research.backtest.work",
        queue="long",
        simulated=False,
    ),
    Job(
        "compile_rules",
        "Compile the rules of strategies",
        "analytics.research.precompile.compile_rules",
        every=timedelta(hours=1),
        queue="long",
        simulated=False,
    ),
    Job(
        "report",
        "Daily and weekly report",
        "analytics.loop.daily.write",
        at="00:10",
        queue="long",
        catch_up="each day",
    ),
    Job(
        "compare_replay",
        "Hold a replay against live trades",
        "analytics.research.fidelity.work",
        queue="long",
        simulated=False,
    ),
    Job(
        "shadow",
        "Replay old values since a change",
        "analytics.research.counterfactual.work",
        queue="long",
        simulated=False,
    ),
    Job(
        "compare_replays",
        "Hold the replays of what trades against it",
        "analytics.research.fidelity.nightly",
        at="04:10",
        simulated=False,
    ),
    Job(
        "experiments",
        "Experiments: end those that are due",
        "trading.experiments.results.watch",
        every=timedelta(minutes=15),
        wanted="trading.experiments.results.any_active",
    ),
    Job(
        "tidy_snapshots",
        "Thin out old snapshots",
        "analytics.monitoring.snapshots.tidy",
        at="03:30",
    ),
    Job(
        "demo",
        "Demo: a minute of the paper bot",
        "trading.demo.bot.live",
        every=timedelta(minutes=1),
        wanted="trading.demo.state.there",
        simulated=False,
    ),
    Job(
        "prune_jobs",
        "Forget old runs of jobs",
        "analytics.jobs.prune.prune",
        at="03:20",
        simulated=False,
    ),
    Job(
        "check_audit",
        "Hold live parameters against their history",
        "trading.parameters.audit.nightly",
        at="03:30",
        simulated=False,
    ),
    Job(
        "examine_database",
        "Look for damage in the database",
        "selflearn.database.examine",
        at="03:40",
        simulated=False,
    ),
)
