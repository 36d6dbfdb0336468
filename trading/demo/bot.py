"""The demo's bot: made and filled, kept alive minute by minute, and removed without a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from trading import clock
from trading.bots import tokens
from trading.db import locks
from trading.demo import story
from trading.demo.local_client import Client, ClientError, Inside
from trading.demo.market import DAY, MARKETS, SEED
from trading.demo.state import NAME, STATE, find
from trading.demo.story import Sets, Stretch
from trading.demo.trades import ValueSet
from trading.models import Bot, BotToken, LivePeriod, Market, StateEntry

NOTES = (
    "Synthetic: an invented market (DEMO-...) and a paper bot, to look around in. "
    "Remove all of it with: python3 manage.py demo --clear"
)
DAYS, FINE_DAYS = 30, 3
CATCH_UP = DAY  # what was missed before this is left out, as a bot that was off would
# Strategy, time since the first day, what changes, why.
CHANGES = (
    (
        "renko_ao",
        timedelta(seconds=1),
        {"take_profit_bps": 45.0, "stop_loss_bps": 32.0, "max_hold_minutes": 90.0},
        "Demo: swings of this market last an hour; the declared exits are made for minutes",
    ),
    (
        "rsi_bb",
        timedelta(days=17, hours=9),
        {"take_profit_bps": 10.0, "stop_loss_bps": 5.0, "bb_high_zone_max": 0.85},
        "Demo: stops of 4 bps were hit by noise and gains cut short; both get a quarter more room",
    ),
)
LIFE = timedelta(minutes=15)  # of a token; a new one is made for each use
Say = Callable[[str], None]


def fill(url: str = "", say: Say = lambda text: None) -> dict[str, Any]:
    """Make the bot and 30 days of its past, where they are not there. A job keeps it alive.

    Speaks over HTTP where ``url`` is given, else in this process. Interrupted, it goes on with the
    same story the next time. Raises Taken.
    """
    bot = find()
    note = _note(bot) if bot else None
    if bot is None:
        until = _minute()
        note = {"seed": SEED, "start": (until // DAY - DAYS) * DAY, "until": until}
        bot = _make(note)
    if not note["filled"]:
        stretch = Stretch(note["start"], note["until"], note["until"] - FINE_DAYS * DAY)
        with connected(bot, _usable(bot, url)) as client:
            told = _tell(client, bot, stretch, say)
        return {"bot": NAME, "filled": True, **told}
    return {"bot": NAME, "filled": False}


def _make(note: dict[str, Any]) -> Bot:
    """The bot as of its first day, and its changes of parameters at the times they were made."""
    start = clock.from_epoch(note["start"])
    note["filled"] = False
    with transaction.atomic(), clock.at(start):
        bot = Bot.objects.create(name=NAME, notes=NOTES)
        with connected(bot) as client:
            client.put_state(STATE, note, as_of=start)
            _flush(client)
            for strategy in story.TRADED:
                client.parameters(strategy)
        for strategy, after, values, reason in CHANGES:
            with clock.at(start + after), connected(bot) as client:
                client.ask(f"/parameters/{strategy}/", {"values": values, "reason": reason})
        # Its past was told just now: it is heard of from its first heartbeat on.
        Bot.objects.filter(pk=bot.pk).update(seen_at=None)
    return bot


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


def _tell(client: Client, bot: Bot, stretch: Stretch, say: Say) -> dict[str, Any]:
    sets = sets_of(bot)
    say("drawing 30 days of an invented market and trading it on paper ...")
    number = story.tell_trades(client, stretch, sets)
    say(f"sending {number:,} trades, candles, bricks and counts through the API ...")
    story.tell_candles(client, stretch)
    story.tell_bricks(client, stretch, sets)
    story.tell_evaluations(client, stretch, sets)
    _flush(client)
    started = clock.from_epoch(stretch.since)
    client.heartbeat(version="demo", started_at=started, status={"synthetic": True})
    _noted(client, _note(bot), stretch.until)
    return {"trades": number, "since": started, "until": clock.from_epoch(stretch.until)}


def live(as_of: datetime | None = None) -> dict[str, Any]:
    """Bring the demo up to this minute; the same minute again changes nothing."""
    bot = find()
    note = _note(bot) if bot else {}
    until = _minute(as_of)
    if not bot or not note["filled"] or until <= note["until"]:
        return {"minutes": 0}
    since = max(note["until"], until - CATCH_UP)
    stretch = Stretch(since, until, since)
    sets = sets_of(bot)
    with connected(bot) as client:
        number = story.tell_trades(client, stretch, sets)
        story.tell_candles(client, stretch)
        story.tell_bricks(client, stretch, sets)
        story.tell_evaluations(client, stretch, sets)
        client.heartbeat(version="demo", status={"synthetic": True})
        _flush(client)
        _noted(client, note, until)
    return {"minutes": (until - since) // 60, "trades": number}


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


def sets_of(bot: Bot) -> Sets:
    """What was live from when, of each strategy: what people change, the demo's bot obeys."""
    found: dict[str, list[ValueSet]] = {strategy: [] for strategy in story.TRADED}
    periods = LivePeriod.objects.filter(instance__bot=bot, instance__label="")
    for period in periods.select_related("parameter_set", "instance").order_by("live_from"):
        if period.instance.strategy in found:
            chosen = period.parameter_set
            found[period.instance.strategy].append(
                ValueSet(period.live_from.timestamp(), chosen.version, chosen.values)
            )
    return found


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
        why = client.last_error
        if client.rejected_file.exists():
            why = client.rejected_file.read_text()[:500]
        raise RuntimeError(f"the demo could not be told: {why}")


def _note(bot: Bot) -> dict[str, Any]:
    return StateEntry.objects.get(bot=bot, key=STATE).value


def _noted(client: Client, note: dict[str, Any], until: int) -> None:
    """Last of all: only what was told completely counts as told."""
    value = {**note, "filled": True, "until": until}
    client.put_state(STATE, value, as_of=clock.from_epoch(until))
    _flush(client)


def _minute(moment: datetime | None = None) -> int:
    return int((moment or clock.now()).timestamp()) // 60 * 60
