"""Candle files: CSV (also gzipped), freqtrade JSON, and Parquet or Feather where pyarrow is."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mode
from typing import Any

import numpy as np

from trading.importers.base import Importer, Option, Progress, Report, Unreadable, no_progress
from trading.market import candles
from trading.market.candles import Candles
from trading.models import Bot
from trading.validation import limits

BATCH = 50_000
LONGEST = 31 * 86_400
_TIME = ("open_time", "timestamp", "date", "datetime", "time", "open time")
_REST = ("open", "high", "low", "close", "volume")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_MILLISECONDS, _MICROSECONDS = 1e11, 1e14


def interval_seconds(text: str) -> int:
    """Seconds of 60, 1m, 1h or 1d. Raises ValueError."""
    number, unit = (text[:-1], text[-1]) if text[-1:] in _UNITS else (text, "s")
    if not number.isdecimal():
        raise ValueError(f"{text!r} is not a length in seconds, such as 60 (or 1m, 1h, 1d)")
    return int(number) * _UNITS[unit]


@dataclass(frozen=True)
class CandleFile(Importer):
    """Candles of one market and interval; without a bot they are for all bots."""

    key = "candle_files"
    label = "Candle file"
    help = "Import candles from CSV, CSV.gz, freqtrade JSON, Parquet or Feather."
    needs_bot = False
    options = (
        Option("market", "as the bot names it: BTC/USDT", required=True),
        Option(
            "interval", "length of a candle: 60, 1m, 1h", interval_seconds, "SECONDS", required=True
        ),
    )

    market: str
    interval: int

    def __post_init__(self) -> None:
        if not limits.MARKET.fullmatch(self.market):
            raise Unreadable(
                f'"{self.market}" is no market name: it must match {limits.MARKET.pattern}'
            )
        if not 1 <= self.interval <= LONGEST:
            raise Unreadable(f"--interval must be 1 to {LONGEST} seconds")

    def run(self, file: Path, bot: Bot | None, progress: Progress = no_progress) -> Report:
        report = Report()
        rows = report.of("candles")
        table, rejected = _read(file)
        rows.read = len(table) + len(rejected)
        numbers = np.setdiff1d(np.arange(1, rows.read + 1), list(rejected))
        _check_interval(table, self.interval)
        wrong = candles.problems(table, self.interval)
        rejected |= {int(numbers[row]): message for row, message in wrong.items()}
        rows.rejected = {f"row {number}": rejected[number] for number in sorted(rejected)}
        valid = table.take(np.setdiff1d(np.arange(len(table)), list(wrong)))
        series = candles.series_for(bot, self.market, self.interval)
        for start in range(0, len(valid), BATCH):
            rows.add(candles.store(series, valid.take(slice(start, start + BATCH))))
            progress(min(start + BATCH, len(valid)))
        series.refresh_from_db()
        report.details["series"] = {
            "market": self.market,
            "interval": self.interval,
            "candles": series.candles,
            "first": series.first_at,
            "last": series.last_at,
            "gaps": series.gaps,
            "missing": series.missing,
        }
        if series.first_at and series.last_at:
            report.summary.append(
                f"{self.market} at {self.interval} s now holds {series.candles:,} candles from "
                f"{series.first_at:%Y-%m-%d %H:%M} to {series.last_at:%Y-%m-%d %H:%M} UTC, "
                f"{series.gaps} gap{'s' * (series.gaps != 1)} ({series.missing:,} candles missing)"
            )
        return report


def _check_interval(table: Candles, interval: int) -> None:
    steps = np.diff(np.unique(table.open_time)).tolist()
    if steps and (usual := mode(steps)) != interval:
        raise Unreadable(
            f"the file's candles are {usual} s apart, not {interval}; "
            f"if that is what they are: --interval {usual}"
        )


def _read(path: Path) -> tuple[Candles, dict[int, str]]:
    if not path.is_file():
        raise Unreadable(f"there is no file {path}")
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return _from_csv(path)
    if name.endswith(".json"):
        return _from_json(path)
    if name.endswith((".parquet", ".feather")):
        return _from_arrow(path)
    raise Unreadable(f"{path.name}: only .csv, .csv.gz, .json, .parquet and .feather are read")


def _from_csv(path: Path) -> tuple[Candles, dict[int, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            at = _columns(next(rows, []), path)
            return _collect(
                [row[place] for place in at] if row else None for row in _whole(rows, at)
            )
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"{path.name} cannot be read: {error}") from error


def _whole(rows: Iterable[list[str]], at: list[int]) -> Iterator[list[str] | None]:
    """The rows that are not empty; None for one with too few columns."""
    for row in rows:
        if row:
            yield row if len(row) > max(at) else None


def _columns(header: list[str], path: Path) -> list[int]:
    names = [name.strip().lower() for name in header]
    time = next((name for name in _TIME if name in names), None)
    wanted = [time, *_REST[:4], *(("volume",) if "volume" in names else ())]
    missing = [name or "a time" for name in wanted if name not in names]
    if missing:
        raise Unreadable(
            f"{path.name} lacks the columns {', '.join(missing)}; its first line must name "
            f"{_TIME[0]} (or {', '.join(_TIME[1:])}), {', '.join(_REST)}"
        )
    return [names.index(name) for name in wanted]


def _from_json(path: Path) -> tuple[Candles, dict[int, str]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path.name} cannot be read as JSON: {error}") from error
    if not isinstance(rows, list):
        raise Unreadable(f"{path.name} must hold [[time, open, high, low, close, volume], ...]")
    return _collect(row if isinstance(row, list) and 5 <= len(row) <= 6 else None for row in rows)


def _from_arrow(path: Path) -> tuple[Candles, dict[int, str]]:
    try:
        from pyarrow import feather, parquet
    except ImportError as error:
        raise Unreadable(f"{path.name} needs pyarrow: pip install pyarrow") from error
    try:
        table = (parquet.read_table if path.suffix == ".parquet" else feather.read_table)(path)
    except (OSError, ValueError) as error:
        raise Unreadable(f"{path.name} cannot be read: {error}") from error
    at = _columns(table.column_names, path)
    return _collect(zip(*(table.column(place).to_pylist() for place in at), strict=True))


def _collect(rows: Iterable[Sequence[Any] | None]) -> tuple[Candles, dict[int, str]]:
    """Candles of the rows that can be read, and what is wrong with the others."""
    table: list[list[float]] = []
    rejected: dict[int, str] = {}
    for number, row in enumerate(rows, start=1):
        if row is None:
            rejected[number] = "has too few columns"
            continue
        try:
            time, *rest = row
            values = [float(value) for value in rest]
            table.append([_seconds(time), *values, *[float("nan")] * (5 - len(values))])
        except (TypeError, ValueError, OverflowError) as error:
            rejected[number] = str(error)
    matrix = np.array(table, dtype=np.float64).reshape(-1, 6).T
    return Candles(matrix[0].astype(np.int64), *matrix[1:]), rejected


def _seconds(value: Any) -> float:
    """Epoch seconds of a time: ISO 8601 (UTC without an offset), or epoch s, ms or us."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text)
        except ValueError:
            value = datetime.fromisoformat(text)
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    seconds = float(value)
    if abs(seconds) >= _MICROSECONDS:
        seconds /= 1e6
    elif abs(seconds) >= _MILLISECONDS:
        seconds /= 1e3
    if not -1e10 < seconds < 1e11:
        raise ValueError("its time lies outside what a calendar holds")
    return seconds
