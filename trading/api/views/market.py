from __future__ import annotations

import math

import numpy as np
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from trading import clock
from trading.api import encoders
from trading.api.authentication import READ, WRITE, allow
from trading.api.base import Endpoint, answer, body, named, refusal, refuse, rows, shaped
from trading.api.query_params import Query
from trading.api.requests import BrickIn, BricksIn, CandlesIn
from trading.bots.catalog import Declared
from trading.db.counts import Counts
from trading.ingest import bricks
from trading.market import candles
from trading.validation import fields, limits
from trading.validation.errors import Invalid

MOST = 5_000
LONGEST_INTERVAL = 31 * 86_400
_SIX = (5, 6)


class CandleRows(Endpoint):
    """Candles of a market and interval."""

    scopes = allow(GET=READ, POST=WRITE)

    def post(self, request):
        found = body(request, CandlesIn)
        rows(found.candles)
        as_of = self._check(found)
        read = [_candle(row) for row in found.candles]
        refused = [
            refusal(index, "", {"candle": [row]})
            for index, row in enumerate(read)
            if isinstance(row, str)
        ]
        index = [at for at, row in enumerate(read) if not isinstance(row, str)]
        matrix = np.array([read[at] for at in index], dtype=np.float64).reshape(-1, 6).T
        new = candles.Candles(matrix[0].astype(np.int64), *matrix[1:])
        wrong = candles.problems(new, found.interval)
        refused += [
            refusal(index[row], "", {"candle": [message]}) for row, message in wrong.items()
        ]
        sound = new.take(np.setdiff1d(np.arange(len(new)), list(wrong)))
        counts = Counts()
        if len(sound):
            series = candles.series_for(self.bot, found.market, found.interval)
            counts = candles.store(series, sound, as_of)
        return answer(counts.stored, counts.updated, counts.unchanged, refused)

    def _check(self, found: CandlesIn) -> float | None:
        errors: fields.Errors = {}
        fields.pattern("market", found.market, limits.MARKET, errors)
        fields.integer("interval", found.interval, errors, 1, LONGEST_INTERVAL)
        as_of = None
        if found.as_of is not None:
            as_of = fields.moment("as_of", found.as_of, errors)
            fields.past("as_of", as_of, errors)
        if errors:
            raise ValidationError(errors)
        return None if as_of is None else as_of / 1e6

    def get(self, request):
        query = Query(request, "market", "interval", "since", "until", "limit")
        market = query.market()
        if not market or not query.has("interval"):
            raise ValidationError({"market": ["name the market and the interval"]})
        interval = query.whole("interval", 0, 1, LONGEST_INTERVAL)
        limit = query.whole("limit", 500, 1, MOST)
        since, until = query.moment("since"), query.moment("until")
        series = candles.find_series(self.bot, market, interval)
        found: list = []
        if series:
            if since is None and until is None:
                part = candles.newest(series, limit)
            else:
                part = candles.load(
                    series,
                    None if since is None else math.ceil(since.timestamp()),
                    None if until is None else math.ceil(until.timestamp()),
                )
                part = part.take(slice(max(0, len(part) - limit), None))
            found = encoders.candles(part)
        return Response({"market": market, "interval": interval, "candles": found})


def _candle(row: object) -> list[float] | str:
    """The six numbers of a row, or what is wrong with it."""
    if not isinstance(row, list) or len(row) not in _SIX:
        return "must be [open_time, open, high, low, close, volume]"
    time, *rest = row
    try:
        moment = limits.moment(time)
    except ValueError as error:
        return f"open_time {error}"
    latest = limits.latest()
    if latest and moment > latest:
        return "open_time is more than 5 minutes in the future"
    if moment.microsecond:
        return "open_time is not a whole second"
    values = [float("nan") if at == 4 and value is None else value for at, value in enumerate(rest)]
    errors: fields.Errors = {}
    numbers = [
        value
        if isinstance(value, float) and math.isnan(value)
        else fields.number("candle", value, errors, -1e300, 1e300)
        for value in values
    ]
    if errors or None in numbers:
        return errors.get("candle", ["a price is missing"])[0]
    return [clock.to_micros(moment) // 1_000_000, *numbers, *[math.nan] * (5 - len(numbers))]


class Bricks(Endpoint):
    """Renko bricks of a strategy and market."""

    scopes = allow(GET=READ, POST=WRITE)

    def post(self, request):
        found = body(request, BricksIn)
        rows(found.bricks)
        try:
            bricks.check(self.bot, found.strategy, found.market)
        except Invalid as error:
            raise refuse(error) from error
        sound, refused = shaped(found.bricks, BrickIn, named("sequence"))
        kept, last = [], None
        for index, brick in sorted(sound.items(), key=lambda item: item[1].sequence):
            row = bricks.read(brick)
            if not isinstance(row, dict) and last is not None and row[0] > last + 1:
                row = {"sequence": [f"{last + 1} is missing before it"]}
            if isinstance(row, dict):
                refused.append(refusal(index, str(brick.sequence)[:64], row))
            else:
                kept.append((index, row))
                last = row[0]
        # Of two bricks of one sequence the later in the batch wins.
        ordered = [row for _, row in sorted(kept, key=lambda item: item[0])]
        counts = bricks.store(self.bot, found.strategy, found.market, ordered)
        return answer(counts.stored, counts.updated, counts.unchanged, refused)

    def get(self, request):
        query = Query(request, "strategy", "market", "limit")
        strategy, market = query.text("strategy") or "", query.market() or ""
        try:
            bricks.check(self.bot, strategy, market)
        except Invalid as error:
            raise refuse(error) from error
        key, label, _ = Declared(self.bot).find(strategy)
        found = bricks.find(self.bot, key, label, market, query.whole("limit", 500, 1, MOST))
        return Response(
            {
                "strategy": f"{key}@{label}" if label else key,
                "market": market,
                "bricks": list(map(encoders.brick, found)),
            }
        )
