import pytest

from tests.trading.story import make_bot, trade
from trading import ingest
from trading.models import RollupDay, Scope
from trading.rollups import rebuild

pytestmark = pytest.mark.django_db(transaction=True)


def dump():
    rows = RollupDay.objects.order_by("scope__key", "day")
    return [
        (key, day, bytes(tally), bytes(hours))
        for key, day, tally, hours in rows.values_list("scope__key", "day", "tally", "hours")
    ]


@pytest.fixture
def several(monkeypatch):
    monkeypatch.setattr(rebuild, "SEVERAL_READERS", 1)
    monkeypatch.setattr(rebuild, "SLICE", 10)


def test_several_readers_rebuild_the_same_bytes_also_where_scopes_are_missing(several):
    bot = make_bot()
    ingest.store_trades(
        bot,
        [
            trade(
                id=str(at),
                strategy=("rsi_bb", "renko_ao")[at % 2],
                entry_time=1_750_000_000 + at * 9_000,
                exit_time=1_750_000_100 + at * 9_000,
            )
            for at in range(60)
        ],
    )
    before = dump()
    assert len(before) > 6
    counted = []
    assert rebuild.instances(list(bot.instances.all()), counted.append) == 60
    assert counted[-1] == 60
    assert dump() == before
    Scope.objects.all().delete()
    assert rebuild.instances(list(bot.instances.all())) == 60
    assert dump() == before
