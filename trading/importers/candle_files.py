"""Candle files: CSV (also gzipped), freqtrade JSON, and Parquet or Feather where pyarrow is."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mode

import numpy as np

from trading.db.counts import Counts
from trading.market import candles
from trading.market.candles import Candles
from trading.models import Bot

BATCH = 50_000
_TIME = ("open_time", "timestamp", "date", "datetime", "time", "open time")
_REST = ("open", "high", "low", "close", "volume")
_MILLISECONDS, _MICROSECONDS = 1e11, 1e14


class Unreadable(ValueError):
    """The file is not what it should be; the text says what to do."""


@dataclass
class Report:
    """What an import did. ``rejected`` maps a row of the file (from 1) to what is wrong."""

    counts: Counts = field(default_factory=Counts)
    rejected: dict[int, str] = field(default_factory=dict)
    read: int = 0


def run(
    path: Path,
    *,
    market: str,
    interval: int,
    bot: Bot | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Import one file into a series; again, it changes nothing."""
    found, rejected = _read(path)
    report = Report(rejected=rejected, read=len(found) + len(rejected))
    numbers = np.setdiff1d(np.arange(1, report.read + 1), list(rejected))
    _check_interval(found, interval)
    wrong = candles.problems(found, interval)
    report.rejected |= {int(numbers[row]): message for row, message in wrong.items()}
    sound = found.take(np.setdiff1d(np.arange(len(found)), list(wrong)))
    series = candles.series_for(bot, market, interval)
    for start in range(0, len(sound), BATCH):
        counts = candles.store(series, sound.take(slice(start, start + BATCH)))
        report.counts.add(counts)
        progress(min(start + BATCH, len(sound)))
    return report


def _check_interval(found: Candles, interval: int) -> None:
    steps = np.diff(np.unique(found.open_time)).tolist()
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


def _whole(rows, at: list[int]):
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


def _collect(rows) -> tuple[Candles, dict[int, str]]:
    """Candles of the rows that can be read, and what is wrong with the others."""
    table, rejected = [], {}
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


def _seconds(value: object) -> float:
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
