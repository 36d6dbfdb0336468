from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.trading.story import MONDAY, NOW, make_bot, trade, two_sets, week
from trading import clock
from trading.clock import DAY, HOUR, to_micros
from trading.ingest import store_trades
from trading.ledger import money, tally
from trading.models import Bot, Scope, Trade
from trading.rollups import windows

pytestmark = pytest.mark.django_db
START = to_micros(MONDAY)


def table(bot: Bot) -> pd.DataFrame:
    """The stored rows, as anybody would read them."""
    names = {
        "exit_at": "exit",
        "entry_at": "entry",
        "pnl_pct": "r",
        "pnl": "pnl",
        "fee": "fee",
        "book__instance": "instance",
        "book__market": "market",
        "book__mode": "mode",
        "book__currency": "currency",
        "parameter_set": "set",
    }
    found = pd.DataFrame(
        list(Trade.objects.filter(bot=bot).values_list(*names)), columns=list(names.values())
    )
    for name in ("exit", "entry"):
        found[name] = [to_micros(moment) for moment in found[name]]
    return found.sort_values(["exit", "r", "pnl"], kind="stable")


def inside(rows: pd.DataFrame, scope: Scope, since: int | None, until: int | None) -> pd.DataFrame:
    mine = (
        (rows.instance == scope.instance_id)
        & (rows["mode"] == scope.mode)
        & (rows.currency == scope.currency)
        & (since is None or rows.exit >= since)
        & (until is None or rows.exit < until)
    )
    if scope.kind == Scope.Kind.MARKET:
        mine &= rows.market == scope.market_id
    if scope.kind == Scope.Kind.SET:
        member = scope.parameter_set_id
        mine &= rows.set.isna() if member is None else rows.set == member
    return rows[mine]


def assert_equals_plain(record, rows: pd.DataFrame) -> None:
    """A tally against pandas over the rows it stands for."""
    assert record["trades"] == len(rows)
    if rows.empty:
        assert record.tobytes() == tally.empty(1)[0].tobytes()
        return
    r, run = rows.r, rows.r.cumsum()
    for name, value in {
        "wins": (r > 0).sum(),
        "losses": (r < 0).sum(),
        "held": (rows.exit - rows.entry).sum(),
        "first": rows.exit.min(),
        "last": rows.exit.max(),
        "best": r.max(),
        "worst": r.min(),
    }.items():
        assert record[name] == value, name
    cash = rows.pnl.cumsum().astype(float)
    for name, value in {
        "total": r.sum(),
        "gain": r[r > 0].sum(),
        "loss": -r[r < 0].sum(),
        "squares": (r**2).sum(),
        "drawdown": (run.cummax().clip(lower=0) - run).max(),
        "money_drawdown": (cash.cummax().clip(lower=0) - cash).max(),
    }.items():
        assert record[name].item() == pytest.approx(value, rel=1e-9, abs=1e-9), name
    assert money.to_decimal(record["units"], record["picos"]) == rows.pnl.sum()
    fees = rows.fee.dropna()
    assert money.to_decimal(record["fee_units"], record["fee_picos"]) == sum(fees, Decimal(0))


def check_windows(bot: Bot, bounds: list[tuple[int | None, int | None]]) -> None:
    """Every scope of a bot, over several windows, whole and by the hour."""
    scopes = list(Scope.objects.filter(instance__bot=bot).order_by("key"))
    rows = table(bot)
    for since, until in bounds:
        for hourly in (False, True):
            found = windows.pieces(scopes, since, until, hourly=hourly)
            for at, record in enumerate(windows.merged(found, len(scopes))):
                assert_equals_plain(record, inside(rows, scopes[at], since, until))


@pytest.fixture
def bot() -> Bot:
    bot = make_bot()
    two_sets(bot)
    with clock.at(NOW):
        store_trades(bot, week())
    return bot


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (None, None),
        (START, START + 7 * DAY),
        (START + DAY, None),
        (None, START + 3 * DAY),
        (START + 5 * HOUR, START + 2 * DAY + 3 * HOUR),
        (START + 11 * HOUR + 7, START + 11 * HOUR + 40_000_000),
        (START + 40_000_000_000, START + 40_000_000_001),
        (START + 40_000_000_001, START + 40_001_000_000),
        (START + 12_345_678, START + 4 * DAY + 987_654_321),
        (START + DAY - 1, START + DAY + 1),
        (START + DAY, START + DAY),
        (START + DAY + 5, START + DAY + 5),
        (START + DAY + 5 * HOUR, START + DAY + 5 * HOUR),
        (START + 2 * DAY, START + DAY),
        (START + 2 * DAY + 5, START + DAY + 7),
        (START + 100 * DAY, START + 200 * DAY + 1),
        (START - 100 * DAY - 1, START - 50 * DAY),
    ],
)
def test_a_window_equals_plain_pandas_over_the_rows_within_it(bot, since, until):
    check_windows(bot, [(since, until)])


def test_random_windows_equal_plain_pandas(bot):
    rng = np.random.default_rng(5)
    edges = np.sort(rng.integers(START - DAY, START + 8 * DAY, (40, 2)))
    step = rng.choice([1, 1_000_000, HOUR, DAY], (40, 1))
    check_windows(bot, [(int(a), int(b)) for a, b in edges // step * step])


def test_a_window_without_scopes_is_empty(bot):
    assert windows.merged(windows.pieces([], START + 1, START + DAY + 1), 0).size == 0
    assert windows.sums([], [(START + 1, START + DAY + 1), (None, None)]).shape == (2, 0)


def test_windows_that_meet_add_up_to_the_one_that_spans_them(bot):
    scopes = list(Scope.objects.filter(kind="instance", mode="live").order_by("key"))
    cuts = [None, START + 1, START + DAY + 5_000_000, START + 3 * DAY, START + 4 * DAY + 1, None]
    parts = [
        windows.merged(windows.pieces(scopes, since, until), len(scopes))
        for since, until in pairwise(cuts)
    ]
    whole = windows.merged(windows.pieces(scopes, None, None), len(scopes))
    for at in range(len(scopes)):
        joined = tally.merge(np.array([part[at] for part in parts]), np.array([0]))[0]
        for name in ("trades", "wins", "held", "units", "picos", "best", "worst"):
            assert joined[name] == whole[at][name]
        for name in ("total", "gain", "drawdown", "money_drawdown"):
            assert joined[name].item() == pytest.approx(whole[at][name].item(), abs=1e-9)


def test_several_windows_read_together_equal_each_read_alone_to_the_bit(bot):
    scopes = list(Scope.objects.filter(instance__bot=bot).order_by("-id"))
    rng = np.random.default_rng(11)
    edges = np.sort(rng.integers(START - DAY, START + 8 * DAY, (30, 2)))
    step = rng.choice([1, 1_000_000, HOUR, DAY], (30, 1))
    bounds = [(int(a), int(b)) for a, b in edges // step * step]
    now = START + 5 * DAY + 7 * HOUR + 40_001
    bounds += [(now - DAY, now), (now - 7 * DAY, now), (now - DAY, now), (now, now), (None, None)]
    alone = [windows.merged(windows.pieces(scopes, *each), len(scopes)) for each in bounds]
    for size in (1, 3, len(bounds)):
        for at in range(0, len(bounds), size):
            together = windows.sums(scopes, bounds[at : at + size])
            assert together.tobytes() == np.array(alone[at : at + size]).tobytes()


def test_pieces_by_the_hour_lie_within_their_hour_and_days_within_their_day(bot):
    scopes = list(Scope.objects.filter(instance__bot=bot))
    for hourly, length in ((True, HOUR), (False, DAY)):
        found = windows.pieces(scopes, None, None, hourly=hourly).tallies
        assert (found["first"] // length == found["last"] // length).all()


def test_daily_sums_count_days_without_trades_as_zero(bot):
    scopes = list(Scope.objects.filter(kind="instance", mode="live", instance__strategy="rsi_bb"))
    first = START // DAY - 2
    found = windows.daily(windows.pieces(scopes, None, None), first, first + 10)
    rows = inside(table(bot), scopes[0], None, None)
    wanted = rows.r.groupby(rows.exit // DAY - first).agg(["sum", "size"])
    wanted = wanted.reindex(range(11), fill_value=0)
    np.testing.assert_allclose(found.totals, wanted["sum"], atol=1e-9)
    assert found.trades.tolist() == wanted["size"].tolist()


def test_a_window_of_a_late_trade_changes_and_its_neighbours_do_not(bot):
    scopes = list(Scope.objects.filter(kind="instance", mode="live", instance__strategy="rsi_bb"))
    before, after = (START, START + DAY), (START + DAY, START + 2 * DAY)
    kept = windows.merged(windows.pieces(scopes, *after), 1).tobytes()
    count = windows.merged(windows.pieces(scopes, *before), 1)["trades"][0]
    with clock.at(NOW):
        store_trades(bot, [trade(id="late")])
    assert windows.merged(windows.pieces(scopes, *after), 1).tobytes() == kept
    assert windows.merged(windows.pieces(scopes, *before), 1)["trades"][0] == count + 1
