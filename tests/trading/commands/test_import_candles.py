import gzip
import json

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError

from trading.market import candles
from trading.models import Bot, CandleBlock

FILES = {
    "btc_perp_1m_2022-01.csv.gz": (60, 45_031, 0, 0),
    "btc_usdt_1h_2017-2024.csv.gz": (3_600, 58_419, 28, 128),
    "btc_usdt_perp_1m_2025-05.csv.gz": (60, 43_199, 0, 0),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", FILES)
def test_real_files_import_whole_with_their_gaps_and_again_change_nothing(run, shared_data, name):
    interval, count, gaps, missing = FILES[name]
    path = shared_data / "candles" / name
    args = ("import_candles", path, "--market", "BTC", "--interval", interval, "--json")
    first = run(*args)
    assert (first["candles"]["stored"], first["candles"]["rejected"]) == (count, {})
    assert (first["series"]["gaps"], first["series"]["missing"]) == (gaps, missing)
    before = [bytes(block.columns) for block in CandleBlock.objects.order_by("start")]
    again = run(*args)
    counted = again["candles"]
    assert (counted["stored"], counted["updated"], counted["unchanged"]) == (0, 0, count)
    assert [bytes(block.columns) for block in CandleBlock.objects.order_by("start")] == before
    _equals_pandas(path, interval)


def _equals_pandas(path, interval):
    source = pd.read_csv(path)
    times = pd.to_datetime(source.iloc[:, 0], utc=True).astype("int64")
    seconds = times // (10**9 if times.max() > 10**17 else 10**6)
    stored = candles.load(candles.find_series(None, "BTC", interval))
    assert stored.open_time.tolist() == seconds.tolist()
    for column in candles.FIELDS[1:]:
        np.testing.assert_array_equal(getattr(stored, column), source[column])
    steps = np.diff(seconds)
    series = candles.find_series(None, "BTC", interval)
    assert sum(hole[2] for hole in candles.gaps(series)) == (steps // interval - 1).sum()


def csv_file(folder, *lines, name="c.csv"):
    path = folder / name
    path.write_text("\n".join(("time,open,high,low,close,volume", *lines)) + "\n")
    return path


@pytest.mark.django_db
def test_bad_rows_are_named_and_the_good_ones_kept(run, tmp_path):
    path = csv_file(
        tmp_path,
        "2025-01-01T00:00:00Z,10,12,9,11,5",
        "2025-01-01T00:01:00Z,10,9,11,10,5",
        "2025-01-01T00:02:00Z,10,12,9,nonsense,5",
        "2025-01-01T00:03:30Z,10,12,9,11,5",
        "2025-01-01T00:04:00Z,10,12,9,11,-1",
        "2025-01-01T00:05:00Z,13,12,9,11,1",
        "2025-01-01T00:06:00Z,10,12,9",
        "2025-01-01T00:07:00Z,10,12,9,11,1",
    )
    with pytest.raises(CommandError) as error:
        run("import_candles", path, "--market", "X", "--interval", "60")
    for part in (
        "6 candles were rejected",
        "row 2: high is below low",
        "row 3: could not convert",
        "row 4: open_time is not a multiple",
        "row 5: volume is negative",
        "row 6: open lies outside",
        "and 1 more",
    ):
        assert part in str(error.value)
    stored = candles.load(candles.find_series(None, "X", 60))
    assert stored.open_time.tolist() == [1_735_689_600, 1_735_690_020]


@pytest.mark.django_db
def test_every_kind_of_time_means_the_same_moment(run, tmp_path):
    for market, time in {
        "A": "2025-01-01T00:00:00Z",
        "B": "2025-01-01 00:00:00",
        "C": "1735689600",
        "D": "1735689600000",
        "E": "1735689600000000",
        "F": "2025-01-01T01:00:00+01:00",
    }.items():
        run(
            "import_candles",
            csv_file(tmp_path, f"{time},1,1,1,1,1"),
            "--market",
            market,
            "--interval",
            "60",
        )
        stored = candles.load(candles.find_series(None, market, 60))
        assert stored.open_time.tolist() == [1_735_689_600]


@pytest.mark.django_db
def test_freqtrade_json_is_read(run, tmp_path):
    path = tmp_path / "BTC_USDT-1m.json"
    path.write_text(
        json.dumps([[1735689600000, 1, 2, 0.5, 1.5, 9], [1735689660000, 1, 2, 1, 2, 9]])
    )
    result = run("import_candles", path, "--market", "M", "--interval", "60", "--json")
    assert (result["candles"]["stored"], result["series"]["gaps"]) == (2, 0)


@pytest.mark.django_db
def test_a_bots_own_candles_stay_apart_from_shared_ones(run, tmp_path):
    bot = Bot.objects.create(name="b")
    path = csv_file(tmp_path, "1735689600,1,1,1,1,1")
    run("import_candles", path, "--market", "M", "--interval", "60")
    assert candles.find_series(bot, "M", 60).bot is None
    run("import_candles", path, "--market", "M", "--interval", "60", "--bot", "b")
    assert candles.find_series(bot, "M", 60).bot == bot
    assert candles.find_series(None, "M", 60).bot is None


CUT_OFF = gzip.compress(b"time,open,high,low,close\n" * 99, mtime=0)[:40]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.csv", None, "there is no file"),
        ("c.txt", b"x", "only .csv, .csv.gz, .json"),
        ("c.csv", b"time,open\n1,2\n", "lacks the columns high, low, close"),
        ("c.csv", b"\xff\xfe\x00", "cannot be read"),
        ("c.csv.gz", b"no gzip", "cannot be read"),
        ("c.csv.gz", CUT_OFF, "cannot be read"),
        ("c.json", b"{", "cannot be read as JSON"),
        ("c.json", b"{}", "must hold [[time, open"),
        ("c.parquet", b"x", "c.parquet"),
        ("c.csv", b"time,open,high,low,close\n0,1,1,1,1\n3600,1,1,1,1\n", "--interval 3600"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(run, tmp_path, name, content, says):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError) as error:
        run("import_candles", path, "--market", "M", "--interval", "60")
    assert says in str(error.value)
    assert candles.find_series(None, "M", 60) is None
