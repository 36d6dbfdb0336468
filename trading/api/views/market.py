"""Candles and Renko bricks."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from trading import clock
from trading.api import answers, examples
from trading.api.base import (
    Endpoint,
    Rejected,
    batch_answer,
    batch_answers,
    convert_rows,
    invalid,
    name_from,
)
from trading.api.operation import SINCE, UNTIL, Answer, Parameter, describe, limit
from trading.api.parsers import rows
from trading.api.permissions import READ, WRITE, allow
from trading.api.requests import MAX_INTERVAL, BrickIn, BricksIn, CandlesIn
from trading.bots.catalog import Declared
from trading.db.counts import Counts
from trading.ingest import bricks
from trading.market import candles
from trading.models import CandleSeries
from trading.validation import field_types as types
from trading.validation import fields, limits
from trading.validation.errors import Invalid

MOST = 5_000
_MARKET = Parameter("market", types.Market, "Market.", True)
_INTERVAL = Parameter("interval", Annotated[int, types.between(1, MAX_INTERVAL)], "Seconds.", True)


class CandleRows(Endpoint):
    """Candles of a market and interval."""

    scopes = allow(GET=READ, POST=WRITE)

    @describe("Market", batch_answers(), body=CandlesIn, example=examples.CANDLES)
    def post(self, request: Request) -> Response:
        """Post candles

        The series belongs to the bot. A stored candle is replaced, unless it has a newer as_of.
        Rows whose high is below low, whose open or close lies outside, or whose open_time is no
        multiple of the interval are rejected by index.
        """
        report = self.body(CandlesIn)
        rows(report.candles)
        as_of = _check(report)
        valid, rejected = _read(report.candles, report.interval)
        counts = Counts()
        if len(valid):
            series = candles.series_for(self.bot, report.market, report.interval)
            counts = candles.store(series, valid, as_of)
        return batch_answer(counts.stored, counts.updated, counts.unchanged, rejected)

    @describe(
        "Market",
        {200: Answer("Candles.", answers.CandlesOut, examples.CANDLES_STORED)},
        parameters=(_MARKET, _INTERVAL, SINCE, UNTIL, limit(500, MOST, "candles")),
    )
    def get(self, request: Request) -> Response:
        """List candles

        The newest candles, ascending: the bot's own series, or the shared one.
        """
        query = self.query()
        market = query.market()
        if not market or not query.has("interval"):
            raise ValidationError({"market": ["name the market and the interval"]})
        interval = query.whole("interval", 0, 1, MAX_INTERVAL)
        limit = query.whole("limit", 500, 1, MOST)
        since, until = query.moment("since"), query.moment("until")
        series = candles.find_series(self.bot, market, interval)
        found = answers.candle_rows(_newest(series, since, until, limit)) if series else []
        return Response(answers.CandlesOut(market, interval, found))


def _check(report: CandlesIn) -> float | None:
    """``as_of`` in epoch seconds. Raises ValidationError."""
    errors: fields.Errors = {}
    fields.pattern("market", report.market, limits.MARKET, errors)
    fields.integer("interval", report.interval, errors, 1, MAX_INTERVAL)
    as_of = None
    if report.as_of is not None:
        as_of = fields.moment("as_of", report.as_of, errors)
        fields.past("as_of", as_of, errors)
    if errors:
        raise ValidationError(errors)
    return None if as_of is None else as_of / 1e6


def _newest(
    series: CandleSeries, since: datetime | None, until: datetime | None, limit: int
) -> candles.Candles:
    if since is None and until is None:
        return candles.newest(series, limit)
    found = candles.load(
        series,
        None if since is None else math.ceil(since.timestamp()),
        None if until is None else math.ceil(until.timestamp()),
    )
    return found.take(slice(max(0, len(found) - limit), None))


def _read(given: list[Any], interval: int) -> tuple[candles.Candles, list[Rejected]]:
    """The valid candles of a request, and its rejected rows."""
    parsed = [_candle(row) for row in given]
    rejected = [
        Rejected(index, "", {"candle": [row]})
        for index, row in enumerate(parsed)
        if isinstance(row, str)
    ]
    numbers = {index: row for index, row in enumerate(parsed) if not isinstance(row, str)}
    index = list(numbers)
    matrix = np.array(list(numbers.values()), dtype=np.float64).reshape(-1, 6).T
    new = candles.Candles(matrix[0].astype(np.int64), *matrix[1:])
    wrong = candles.problems(new, interval)
    rejected += [Rejected(index[row], "", {"candle": [message]}) for row, message in wrong.items()]
    return new.take(np.setdiff1d(np.arange(len(new)), list(wrong))), rejected


def _candle(row: object) -> list[float] | str:
    """The six numbers of a row, or what is wrong with it."""
    if not isinstance(row, list) or len(row) not in (5, 6):
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
    errors: fields.Errors = {}
    numbers: list[float] = []
    for index, value in enumerate(rest):
        if index == 4 and value is None:
            numbers.append(math.nan)
        elif (number := fields.number("candle", value, errors, -1e300, 1e300)) is not None:
            numbers.append(number)
    if errors or len(numbers) < len(rest):
        return errors.get("candle", ["a price is missing"])[0]
    return [clock.to_micros(moment) // 1_000_000, *numbers, *[math.nan] * (5 - len(numbers))]


class Bricks(Endpoint):
    """Renko bricks of a strategy and market."""

    scopes = allow(GET=READ, POST=WRITE)

    @describe("Market", batch_answers(), body=BricksIn, example=examples.BRICKS)
    def post(self, request: Request) -> Response:
        """Post Renko bricks

        Numbered without gaps; a brick replaces the stored one of the same sequence.
        """
        report = self.body(BricksIn)
        rows(report.bricks)
        self._check(report.strategy, report.market)
        structs, rejected = convert_rows(report.bricks, BrickIn, name_from("sequence"))
        valid: list[tuple[int, Any]] = []
        last = None
        for index, brick in sorted(structs.items(), key=lambda item: item[1].sequence):
            row = bricks.read(brick)
            if not isinstance(row, dict) and last is not None and row[0] > last + 1:
                row = {"sequence": [f"{last + 1} is missing before it"]}
            if isinstance(row, dict):
                rejected.append(Rejected(index, str(brick.sequence)[:64], row))
            else:
                valid.append((index, row))
                last = row[0]
        # Of two bricks of one sequence the later in the batch wins.
        in_order = [row for _, row in sorted(valid, key=lambda pair: pair[0])]
        counts = bricks.store(self.bot, report.strategy, report.market, in_order)
        return batch_answer(counts.stored, counts.updated, counts.unchanged, rejected)

    @describe(
        "Market",
        {200: Answer("Bricks.", answers.BricksOut, examples.BRICKS_STORED)},
        parameters=(
            Parameter("strategy", types.StrategyName, "Strategy (instance).", True),
            _MARKET,
            limit(500, MOST, "bricks"),
        ),
    )
    def get(self, request: Request) -> Response:
        """List Renko bricks

        The newest bricks, ascending.
        """
        query = self.query()
        strategy, market = query.text("strategy") or "", query.market() or ""
        self._check(strategy, market)
        key, label, _ = Declared(self.bot).find(strategy)
        found = bricks.find(self.bot, key, label, market, query.whole("limit", 500, 1, MOST))
        name = f"{key}@{label}" if label else key
        return Response(answers.BricksOut(name, market, list(map(answers.brick, found))))

    def _check(self, strategy: str, market: str) -> None:
        try:
            bricks.check(self.bot, strategy, market)
        except Invalid as error:
            raise invalid(error) from error
