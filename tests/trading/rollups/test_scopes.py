import pytest

from tests.trading.story import make_bot, trade
from trading.ingest import store_trades
from trading.models import Bot, Scope
from trading.rollups import scopes

pytestmark = pytest.mark.django_db(transaction=True)


def ids() -> list[int]:
    return [scope.id for scope in scopes.every()]


def stored() -> list[int]:
    return list(Scope.objects.order_by("id").values_list("id", flat=True))


def test_every_scope_is_found_also_what_others_made_or_removed_meanwhile():
    assert ids() == []
    store_trades(make_bot(), [trade()])
    assert len(ids()) == 3 and ids() == stored()
    store_trades(make_bot("Juno"), [trade(market="SOL"), trade(id="t-2", strategy="renko_ao")])
    assert len(ids()) == 9 and ids() == stored()
    Bot.objects.get(name="Mara").delete()
    assert len(ids()) == 6 and ids() == stored()


def test_every_scope_is_what_is_stored():
    store_trades(make_bot(), [trade(), trade(id="t-2", mode="paper")])
    for _ in range(2):
        assert {scope.id: scope.key for scope in scopes.every()} == dict(
            Scope.objects.values_list("id", "key")
        )


def test_looking_a_pair_up_makes_no_scope():
    bot = make_bot()
    store_trades(bot, [trade()])
    book = bot.instances.get().books.get()
    assert scopes.of_pairs([(book.pk, 0), (book.pk + 1, 0), (book.pk, 77)], make=False) == {
        (book.pk, 0): tuple(stored())
    }
    assert len(stored()) == 3
