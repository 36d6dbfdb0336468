"""The timetable: which jobs run, and when.

A job is a plain function: it takes ``as_of`` (the moment it was due, aware, UTC), reads nothing
later, may run twice for one moment without further effect, and returns a summary that is JSON. The
"events" of the summary are what ``POST clock/`` answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

EPOCH, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY, WEEK, NEVER = timedelta(days=1), timedelta(weeks=1), timedelta(days=400_000)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
QUEUES = ("short", "long")  # time limit 5 minutes; 1 hour
CATCH_UP = ("once", "each day")
_AT = re.compile(rf"(?:({'|'.join(WEEKDAYS)}) )?([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Job:
    """One job of the timetable.

    ``every``: whole minutes, at multiples since 1970, so that a restart shifts nothing; or ``at``,
    in UTC: "06:30" each day, "mon 06:30" each week; neither: on request (``analytics.jobs.submit``)
    with arguments. ``grace``: how long after it was due it may end before it counts as late.
    ``catch_up``: missed moments are made up for by one run ("once"), or by one run each, in order
    ("each day"). ``wanted``: a function that says whether there is anything to do. ``simulated``:
    whether it also runs in simulated time; maintenance of this installation does not.
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
        if period < MINUTE or period % MINUTE:
            raise ValueError(f"job {self.name}: every must be whole minutes")
        object.__setattr__(self, "period", period)
        object.__setattr__(self, "offset", offset)

    def last_due(self, now: datetime) -> datetime:
        """The newest moment at which it was due, ``now`` included."""
        start = EPOCH + self.offset
        return start + (now - start) // self.period * self.period

    def next_due(self, after: datetime) -> datetime:
        """The first moment later than ``after``; ``LAST`` for a job on request."""
        return self.last_due(after) + self.period if self.timed else LAST

    def due(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """All moments later than ``after`` up to ``until``, included, in order."""
        moment = self.next_due(after)
        while self.timed and moment <= until:
            yield moment
            moment += self.period

    @property
    def timed(self) -> bool:
        """Whether it is scheduled."""
        return self.period != NEVER

    @property
    def schedule(self) -> str:
        """When it runs, as text."""
        if not self.timed:
            return "on request"
        if self.at:
            day, _, time = self.at.rpartition(" ")
            return f"{day.capitalize() or 'daily'} at {time} UTC"
        units = ((DAY, "day"), (60 * MINUTE, "hour"), (MINUTE, "minute"))
        size, unit = next(pair for pair in units if not self.period % pair[0])
        number = self.period // size
        return f"every {unit}" if number == 1 else f"every {number} {unit}s"


def _clock(text: str) -> tuple[timedelta, timedelta]:
    """The period and the offset since 1970, a Thursday, of "06:30" or "mon 06:30"."""
    match = _AT.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a time of the timetable: write 06:30 or "mon 06:30"')
    day, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if day is None:
        return DAY, offset
    return WEEK, offset + ((WEEKDAYS.index(day) - EPOCH.weekday()) % 7) * DAY


TIMETABLE: tuple[Job, ...] = (
    Job(
        "monitor",
        "Evaluate snapshots and alerts",
        "analytics.monitoring.stage.monitor",
        every=timedelta(hours=1),
    ),
    Job(
        "pulse",
        "Check bots and queues",
        "analytics.monitoring.stage.pulse",
        every=timedelta(minutes=1),
        simulated=False,
    ),
    Job(
        "send_notifications",
        "Send notifications",
        "analytics.notifications.deliver",
        every=timedelta(minutes=1),
        simulated=False,
    ),
    Job("replay", "Backtest", "analytics.research.backtest.work", queue="long", simulated=False),
    Job(
        "compile_rules",
        "Warm up strategy cache",
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
        "Check backtest vs live",
        "analytics.research.fidelity.work",
        queue="long",
        simulated=False,
    ),
    Job(
        "shadow",
        "Backtest the previous parameters",
        "analytics.research.counterfactual.work",
        queue="long",
        simulated=False,
    ),
    Job(
        "compare_replays",
        "Nightly backtest check",
        "analytics.research.fidelity.nightly",
        at="04:10",
        simulated=False,
    ),
    Job(
        "experiments",
        "End experiments that are due",
        "trading.experiments.results.watch",
        every=timedelta(minutes=15),
        wanted="trading.experiments.results.any_active",
    ),
    Job("prune_snapshots", "Prune snapshots", "analytics.monitoring.snapshots.tidy", at="03:30"),
    Job(
        "demo",
        "Demo: trade with the paper bot",
        "trading.demo.bot.live",
        every=timedelta(minutes=1),
        wanted="trading.demo.state.there",
        simulated=False,
    ),
    Job("prune_jobs", "Prune job runs", "analytics.jobs.prune.prune", at="03:20", simulated=False),
    Job(
        "check_audit",
        "Verify the parameter audit trail",
        "trading.parameters.audit.nightly",
        at="03:30",
        simulated=False,
    ),
    Job(
        "examine_database",
        "Database integrity check",
        "selflearn.database.examine",
        at="03:40",
        simulated=False,
    ),
)
