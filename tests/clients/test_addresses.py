"""Where the address is wrong or nobody is there, the error says which address it was."""

import pytest
from selflearn_client import Client, ClientError, Denied, NotFound, Unavailable

from .conftest import Account


@pytest.mark.parametrize("end", ["/api/v1", "/api/v1/"])
def test_an_address_of_the_api_is_told_apart_from_the_servers(tmp_path, end):
    with pytest.raises(ValueError, match=r"bare address: http://127.0.0.1:9$") as error:
        Client("http://127.0.0.1:9" + end, "sl_x", directory=tmp_path)
    assert f"http://127.0.0.1:9{end}," in str(error.value)


@pytest.mark.parametrize(("body", "kind"), [(b'{"detail": "no"}', NotFound), (b"no", Denied)])
def test_what_is_not_found_is_named_with_its_address(stub, connect, body, kind):
    stub.otherwise = (404, {}, body)
    with pytest.raises(kind) as error:
        connect(Account(stub.url + "/admin", "sl_x")).ask("/state/?candles=1")
    assert f"{stub.url}/admin/api/v1/state/ was answered 404" in str(error.value)
    assert "the server's bare address: is /admin right?" in str(error.value)


def test_a_bare_address_is_not_doubted(stub, connect):
    stub.otherwise = (404, {}, b'{"detail": "no"}')
    with pytest.raises(NotFound) as error:
        connect(Account(stub.url, "sl_x")).get_state("k")
    assert "bare" not in str(error.value)


@pytest.mark.parametrize("answer", [(503, {}, b""), (429, {}, b""), (200, {}, b"<html>")])
def test_a_server_that_is_busy_is_named(stub, connect, answer):
    stub.otherwise = answer
    with pytest.raises(Unavailable, match=stub.url):
        connect(Account(stub.url, "sl_x")).recover()


def test_a_server_that_is_away_is_named(connect):
    client = connect(Account("http://127.0.0.1:9", "sl_x"))
    for _ in range(2):
        with pytest.raises(ClientError, match=r"http://127.0.0.1:9"):
            client.parameters("rsi_bb")
