import gzip
import json
import logging
import time

import pytest
from selflearn_client import Client, Denied, DirectoryInUse

from trading.models import Trade

from .conftest import Account, trade

pytestmark = pytest.mark.django_db(transaction=True)


def stored() -> list[str]:
    return sorted(Trade.objects.values_list("external_id", flat=True))


def test_a_recorded_trade_is_stored_with_every_field(account, connect):
    client = connect(account)
    context = {"volatility_bps": 3.5, "rsi_value": 61.2, "own": {"deep": [1, None, True]}}
    client.record_trade(**trade(1, context=context, fee="0.01", parameter_set=1, tag="a"))
    assert client.flush()
    found = Trade.objects.select_related("context").get()
    assert (found.external_id, str(found.entry_price), found.tag) == ("t-00001", "100.5", "a")
    assert found.context.features == {"rsi_value": 61.2}
    assert found.context.other == {"own": {"deep": [1, None, True]}}


def test_many_trades_leave_in_packed_batches_of_a_thousand(stub, connect):
    client = connect(Account(stub.url, "sl_x"))
    client.record_trades(trade(number) for number in range(2_500))
    assert client.flush()
    sizes = [len(json.loads(gzip.decompress(body))) for _, _, _, body in stub.asked]
    assert sizes == [1_000, 1_000, 500]
    assert {headers["Content-Encoding"] for _, _, headers, _ in stub.asked} == {"gzip"}


def test_what_is_recorded_twice_is_stored_once_and_a_higher_revision_corrects(account, connect):
    client = connect(account)
    for _ in range(3):
        client.record_trade(**trade(1))
        assert client.flush()
    client.record_trade(**trade(1, exit_price=99, revision=1))
    assert client.flush()
    assert [str(row.exit_price) for row in Trade.objects.all()] == ["99"]


def test_a_thread_sends_without_being_asked(account, connect):
    client = connect(account, background=True)
    client.record_trade(**trade(1))
    deadline = time.monotonic() + 5
    while client.pending and time.monotonic() < deadline:
        time.sleep(0.05)
    assert stored() == ["t-00001"]


def test_while_the_server_is_away_records_wait_and_leave_when_it_is_back(
    account, connect, tmp_path
):
    away = connect(Account("http://127.0.0.1:9", account.token))
    for number in range(5):
        away.record_trade(**trade(number))
    assert not away.flush(timeout=0.3)
    assert away.last_error
    away.close(timeout=0)
    back = connect(account)
    assert back.pending == 5
    assert back.flush()
    assert len(stored()) == 5


def test_recording_takes_well_under_a_millisecond_while_the_server_is_away(connect):
    client = connect(Account("http://127.0.0.1:9", "sl_x"))
    context = {f"feature_{number}": number * 1.1 for number in range(20)}
    took = []
    for number in range(500):
        began = time.perf_counter()
        client.record_trade(**trade(number, context=context))
        took.append(time.perf_counter() - began)
    assert sorted(took)[250] < 0.001


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again(stub, connect, status):
    stub.script = [(status, {}, b"")] * 2
    client = connect(Account(stub.url, "sl_x"))
    client.record_trade(**trade(1))
    assert client.flush(timeout=10)
    assert len(stub.asked) == 3
    assert len({body for _, _, _, body in stub.asked}) == 1


def test_retry_after_is_waited_for(stub, connect):
    stub.script = [(429, {"Retry-After": "1"}, b"")]
    client = connect(Account(stub.url, "sl_x"))
    client.record_trade(**trade(1))
    began = time.monotonic()
    assert client.flush(timeout=10)
    assert time.monotonic() - began >= 1


def test_refused_rows_go_to_a_file_with_their_reasons_and_hold_nobody_up(account, connect, caplog):
    client = connect(account)
    client.record_trades([trade(1), trade(2, strategy="unheard_of"), trade(3)])
    minute = 1_700_000_040
    client.push_candles("BTC/USDT", 60, [[at, 1, 2, 0.5, 1, None] for at in (minute, minute + 1)])
    client.put_state("k", 1, as_of=MOMENT)
    client.put_position(**POSITION | {"strategy": "unheard_of"})
    assert client.flush()
    assert stored() == ["t-00001", "t-00003"]
    lines = [json.loads(line) for line in client.rejected_file.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["trade", "position", "candles"]
    assert lines[2]["body"]["row"][0].startswith("2023-11-14T22:14:01")
    assert lines[0]["body"]["id"] == "t-00002"
    assert "unheard_of" in str(lines[0]["errors"]["strategy"])
    assert lines[2]["body"]["market"] == "BTC/USDT"
    assert "the server refused 1 trade" in caplog.text


MOMENT = 1.7e9
POSITION = {
    "strategy": "rsi_bb",
    "market": "BTC/USDT",
    "side": "long",
    "entry_price": 1,
    "size": 1,
    "entry_time": MOMENT,
    "as_of": MOMENT,
}


def test_one_row_that_spoils_its_batch_is_found_and_the_others_arrive(stub, connect):
    client = connect(Account(stub.url, "sl_x"))
    client.record_trades(trade(number) for number in range(8))

    def answer():
        body = stub.asked[-1][3]
        body = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
        spoilt = b"t-00005" in body
        return (400, {}, b'{"detail": "no"}') if spoilt else (201, {}, b"{}")

    stub.answer = answer
    assert client.flush()
    (line,) = client.rejected_file.read_text().splitlines()
    assert json.loads(line)["body"]["id"] == "t-00005"


def test_a_refused_token_loses_nothing_and_says_so(account, connect, caplog):
    client = connect(Account(account.url, "sl_wrong"))
    client.record_trade(**trade(1))
    assert not client.flush(timeout=0.5)
    assert client.pending == 1
    assert "unknown, expired or revoked" in client.last_error
    with pytest.raises(Denied):
        client.recover()


def test_a_redirect_is_not_followed_with_the_token(stub, connect):
    stub.otherwise = (301, {"Location": "http://127.0.0.1:9/"}, b"")
    client = connect(Account(stub.url, "sl_x"))
    client.record_trade(**trade(1))
    assert not client.flush(timeout=0.3)
    assert "redirect" in client.last_error
    assert client.pending == 1


def test_the_token_is_in_no_log_no_repr_and_no_file(stub, connect, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    stub.script = [(503, {}, b""), (400, {}, b'{"detail": "no"}'), (401, {}, b"")]
    client = connect(Account(stub.url, "sl_very-secret"))
    for number in range(3):
        client.record_trade(**trade(number))
        client.flush(timeout=1)
    with pytest.raises(ValueError, match="token") as error:
        Client(stub.url, "sl_very-secret\n", directory=tmp_path / "other")
    seen = caplog.text + repr(client) + repr(vars(client)) + repr(error.value)
    seen += "".join(
        file.read_bytes().decode("latin1") for file in tmp_path.rglob("*") if file.is_file()
    )
    assert "very-secret" not in seen


def test_a_directory_serves_one_client_at_a_time(stub, connect):
    connect(Account(stub.url, "sl_x"))
    with pytest.raises(DirectoryInUse):
        connect(Account(stub.url, "sl_x"))


def test_a_queue_that_cannot_be_read_is_put_aside(stub, connect, tmp_path):
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue" / "queue.sqlite3").write_bytes(b"nothing like a database" * 400)
    client = connect(Account(stub.url, "sl_x"))
    client.record_trade(**trade(1))
    assert client.flush()
    assert list((tmp_path / "queue").glob("queue.broken-*"))


def test_a_disk_that_takes_nothing_does_not_stop_the_bot(stub, connect, caplog):
    client = connect(Account(stub.url, "sl_x"))
    client._outbox._base.execute("PRAGMA query_only=1")
    client.record_trade(**trade(1))
    assert client.pending == 1
    assert "wait in memory" in caplog.text
    client._outbox._base.execute("PRAGMA query_only=0")
    assert client.flush()
    assert len(stub.asked) == 1


def test_a_closed_client_takes_no_record(stub, connect):
    client = connect(Account(stub.url, "sl_x"))
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.record_trade(**trade(1))
