"""What is refused to one strategy is not the matter of another."""

import pytest
from selflearn_client import ClientError, NotFound, Unavailable

from .conftest import Account

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("background", [False, True])
def test_a_strategy_that_is_refused_makes_no_other_wait(account, connect, background):
    client = connect(account, background=background)
    with pytest.raises(NotFound):
        client.parameters("scalper")
    own = client.parameters("scalper", default={"a": 1})
    assert (own.version, own.fresh) == (None, False)
    told = client.parameters("rsi_bb", default={"take_profit_bps": 5})
    assert (told.version, told.fresh) == (1, True)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_refusal_is_remembered_where_the_bot_has_values_of_its_own(stub, connect, status, caplog):
    stub.otherwise = (status, {}, b'{"detail": "no"}')
    client = connect(Account(stub.url, "sl_x"))
    for _ in range(5):
        assert client.parameters("scalper", default={}).version is None
    assert len(stub.asked) == 1
    assert caplog.text.count("no parameters of scalper") == 1
    with pytest.raises(ClientError) as error:
        client.parameters("scalper")
    assert not isinstance(error.value, Unavailable)
    assert len(stub.asked) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_left_alone_by_every_strategy(stub, connect, status):
    stub.otherwise = (status, {"Retry-After": "30"}, b"")
    client = connect(Account(stub.url, "sl_x"))
    for strategy in ("rsi_bb", "breakout"):
        with pytest.raises(Unavailable, match=stub.url):
            client.parameters(strategy)
    assert len(stub.asked) == 1
