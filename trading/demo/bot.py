"""The demo's bot: created and filled, kept alive minute by minute, and removed completely."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from trading import clock
from trading.assignment import attribution
from trading.bots import tokens
from trading.db import locks
from trading.demo import decisions, story
from trading.demo.local_client import Client, ClientError, Inside
from trading.demo.market import DAY, MARKETS, SEED
from trading.demo.paper import HOUR, ValueSet
from trading.demo.state import NAME, STATE, find
from trading.demo.story import Sets, Stretch
from trading.models import Bot, BotToken, Experiment, LivePeriod, Market, ParameterSet, StateEntry

NOTES = (
    "Synthetic: an invented market (DEMO-...) and a paper bot, to look around in. "
    "Remove it with: python3 manage.py demo --clear"
)
DAYS = 30
CATCH_UP = DAY  # a bot that was off longer leaves the rest out
LIFE = timedelta(minutes=15)  # of a token; a new one is made for each use
Say = Callable[[str], None]


def fill(url: str = "", say: Say = lambda text: None) -> dict[str, Any]:
    """Create the bot and 30 days of its past where they are missing. A job keeps it alive.

    Sends over HTTP where ``url`` is given, else in this process. After an interruption it goes on
    with the same story the next time. Raises Taken.
    """
    bot = find()
    if bot is None:
        until = _minute()
        start = (until // DAY - DAYS) * DAY
        bot = _create({"seed": SEED, "start": start, "until": until, "filled": False})
    note = _note(bot)
    if note["filled"]:
        return {"bot": NAME, "filled": False}
    stretch = Stretch(note["start"], note["start"], note["until"])
    say(f"trading {DAYS} days of a synthetic market on paper ...")
    with connected(bot, _usable(bot, url)) as client:
        count = _send(client, bot, stretch)
        started = clock.from_epoch(stretch.since)
        client.heartbeat(version="demo", started_at=started, status={"synthetic": True})
        _note_progress(client, note, stretch.until)
    return {
        "bot": NAME,
        "filled": True,
        "trades": count,
        "since": started,
        "until": clock.from_epoch(stretch.until),
    }


def _create(note: dict[str, Any]) -> Bot:
    """The bot as of its first day, and its parameter changes at the times they were made."""
    start = clock.from_epoch(note["start"])
    with transaction.atomic(), clock.at(start):
        bot = Bot.objects.create(name=NAME, notes=NOTES)
        with connected(bot) as client:
            client.put_state(STATE, note, as_of=start)
            _flush(client)
            for strategy in story.TRADED:
                client.parameters(strategy)
        for after, path, body in decisions.all_in_order(clock.from_epoch(note["until"]) - start):
            with clock.at(start + after), connected(bot) as client:
                if path == decisions.STOP and body:
                    experiment = bot_experiment(bot, body.pop("name"))
                    path = f"/experiments/{experiment}/stop/"
                client.ask(path, body)
        # It is seen from its first heartbeat on, not since the requests that created its past.
        Bot.objects.filter(pk=bot.pk).update(seen_at=None)
    return bot


def bot_experiment(bot: Bot, name: str) -> int:
    return Experiment.objects.get(instance__bot=bot, name=name).pk


def _usable(bot: Bot, url: str) -> str:
    """The address where the API answers there; empty where its hosts or HTTPS forbid."""
    if not url:
        return ""
    with connected(bot, url) as client:
        try:
            client.ask("/positions/")
        except ClientError:
            return ""
    return url


def _send(client: Client, bot: Bot, stretch: Stretch) -> int:
    """Send all that happened in a stretch; how many trades that were."""
    sets = sets_of(bot, stretch.first, stretch.until)
    count = story.send_trades(client, stretch, sets)
    story.send_candles(client, stretch)
    story.send_bricks(client, stretch, sets)
    story.send_evaluations(client, stretch, sets)
    _flush(client)
    return count


def live(as_of: datetime | None = None) -> dict[str, Any]:
    """Bring the demo up to this minute; the same minute again changes nothing."""
    bot = find()
    if bot is None:
        return {"minutes": 0}
    note, until = _note(bot), _minute(as_of)
    if not note["filled"] or until <= note["until"]:
        return {"minutes": 0}
    since = max(note["until"], until - CATCH_UP)
    with connected(bot) as client:
        count = _send(client, bot, Stretch(note["start"], since, until))
        client.heartbeat(version="demo", status={"synthetic": True})
        _note_progress(client, note, until)
    return {"minutes": (until - since) // 60, "trades": count}


def clear() -> dict[str, Any]:
    """Remove the bot, all it owns, and its markets where nobody else uses them."""
    bot = find()
    if bot is None:
        return {"removed": False}
    with transaction.atomic():
        locks.lock_bot(bot.pk)
        trades = bot.trades.count()
        bot.delete()
        for name in MARKETS:
            _remove_market(name)
    return {"removed": True, "trades": trades}


def _remove_market(name: str) -> None:
    try:
        with transaction.atomic():
            Market.objects.filter(name=name).delete()
    except ProtectedError:
        # Another bot trades a market of this name.
        pass


def sets_of(bot: Bot, start: int, until: int) -> Sets:
    """By strategy, the sets that the bot used and since when: it looks at each hour, and whenever
    people change something; arms of an experiment take their turns."""
    sets: dict[str, list[ValueSet]] = {strategy: [] for strategy in story.TRADED}
    instances = {
        instance.pk: instance.strategy
        for instance in bot.instances.filter(strategy__in=story.TRADED, label="")
    }
    changes = LivePeriod.objects.filter(instance__in=instances).values_list("live_from", flat=True)
    looks = sorted({*range(start, until, HOUR), *(moment.timestamp() for moment in changes)})
    stored = ParameterSet.objects.filter(instance__in=instances).in_bulk()
    for instance, timeline in attribution.timelines(instances).items():
        entries = sets[instances[instance]]
        current = None
        for moment in looks:
            served = timeline.at(round(moment * 1_000_000))
            if served is not None and served != current:
                chosen = stored[served]
                entries.append(ValueSet(moment, chosen.version, chosen.values))
                current = served
    return sets


@contextmanager
def connected(bot: Bot, url: str = "") -> Iterator[Client]:
    """A client with a token that lives as long as the block."""
    token, secret = tokens.issue(bot, BotToken.Scope.OPERATE, clock.now() + LIFE)
    with TemporaryDirectory(prefix="selflearn-demo-") as folder:
        client = Client(
            url or "http://inside",
            secret,
            directory=folder,
            timeout=30,
            background=False,
            transport=None if url else Inside(),
            now=clock.now,
        )
        try:
            yield client
        finally:
            client.close(timeout=0)
            token.delete()


def _flush(client: Client) -> None:
    if not client.flush(timeout=60) or client.rejected_file.exists():
        reason = client.last_error
        if client.rejected_file.exists():
            reason = client.rejected_file.read_text()[:500]
        raise RuntimeError(f"the API did not accept the demo's data: {reason}")


def _note(bot: Bot) -> dict[str, Any]:
    note: dict[str, Any] = StateEntry.objects.get(bot=bot, key=STATE).value
    return note


def _note_progress(client: Client, note: dict[str, Any], until: int) -> None:
    """Last of all: only what was sent completely counts as sent."""
    value = {**note, "filled": True, "until": until}
    client.put_state(STATE, value, as_of=clock.from_epoch(until))
    _flush(client)


def _minute(moment: datetime | None = None) -> int:
    return int((moment or clock.now()).timestamp()) // 60 * 60
