"""What is too much is refused before it is looked at."""

from __future__ import annotations

import gzip
import http.client
import json
import resource
import socket
import time
import tracemalloc
import zlib

import pytest

from tests.trading.story import make_bot, payload
from trading.models import Trade

from .server import server_of_the_module as _server  # noqa: F401

GZIP = {"HTTP_CONTENT_ENCODING": "gzip"}
LIMIT = 5_000_000


def trade_of(size: int) -> bytes:
    """A body of exactly so many bytes; its id is wrong, so that nothing else is looked at."""
    start = json.dumps(payload(id="a b")).encode()
    return start + b" " * (size - len(start))


def test_a_body_may_have_5_mb_and_not_a_byte_more(api):
    assert api.raw("POST", "trades/", trade_of(LIMIT)).status_code == 400
    answer = api.raw("POST", "trades/", trade_of(LIMIT + 1))
    assert answer.status_code == 413
    assert "5 MB" in answer.json()["detail"]


def test_a_batch_may_have_5000_rows_and_not_one_more(api):
    rows = [payload(id=f"t-{number}") for number in range(5_001)]
    assert api.post("trades/", rows).status_code == 413
    assert not Trade.objects.exists()
    assert api.post("trades/", rows[1:]).json()["stored"] == 5_000


@pytest.mark.parametrize(
    ("path", "wrap"),
    [
        ("candles/", lambda rows: {"market": "M", "interval": 60, "candles": rows}),
        ("bricks/", lambda rows: {"strategy": "rsi_bb", "market": "M", "bricks": rows}),
        ("evaluations/", lambda rows: rows),
    ],
)
def test_the_rows_of_every_batch_are_counted(api, path, wrap):
    assert api.post(path, wrap([{}] * 5_001)).status_code == 413
    assert api.post(path, wrap([{}] * 5_000)).status_code == 400


@pytest.mark.parametrize("item", [b"{}", b"7", b"[]", b'{"id":"a"}'])
def test_50_000_rows_are_refused_fast_and_in_little_memory(api, item):
    body = b"[" + b",".join([item] * 50_000) + b"]"
    api.raw("POST", "trades/", body)  # what is loaded once does not count
    tracemalloc.start()
    api.raw("POST", "trades/", body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert least_time(api, body, 413) < 0.05
    assert peak < 20_000_000


def least_time(api, body: bytes, status: int) -> float:
    """Processor seconds of one refusal: the fewest of some, as a busy machine adds to each."""
    took = []
    for _ in range(5):
        started = time.process_time()
        assert api.raw("POST", "trades/", body).status_code == status
        took.append(time.process_time() - started)
    return min(took)


def test_what_has_more_brackets_than_any_batch_is_not_even_parsed(api):
    assert least_time(api, b"[" + b"{}," * 1_600_000 + b"{}]", 413) < 0.1


def test_deep_and_wide_json_is_refused_at_once(api):
    for text in ("[" * 100_000, '{"a":' * 90_000, '[{"a":' * 40_000):
        assert least_time(api, text.encode(), 400) < 0.1


def test_a_gzipped_body_is_read(api):
    answer = api.raw("POST", "trades/", gzip.compress(json.dumps(payload()).encode()), **GZIP)
    assert answer.status_code == 201


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit(api):
    packer = zlib.compressobj(9, wbits=31)

    def packed() -> bytes:
        """Ten million spaces more, packed without a look at those before: so it can be repeated."""
        return packer.compress(b" " * 10_000_000) + packer.flush(zlib.Z_FULL_FLUSH)

    bomb = packed() + packed() * 99
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    answer = api.raw("POST", "trades/", bomb, **GZIP)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 413
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("mangle", "status"),
    [
        (lambda packed: packed[:-5], 400),
        (lambda packed: packed + b"x", 400),
        (lambda packed: packed * 2, 400),
        (lambda packed: b"{}", 400),
        (lambda packed: b"", 400),
        (lambda packed: packed[:20] + b"\xff" + packed[21:], 400),
        (lambda packed: gzip.compress(packed), 400),
    ],
)
def test_a_damaged_gzip_body_is_refused(api, mangle, status):
    packed = gzip.compress(json.dumps(payload()).encode())
    assert api.raw("POST", "trades/", mangle(packed), **GZIP).status_code == status
    assert not Trade.objects.exists()


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "bz2"])
def test_other_codings_are_not_read(api, coding):
    answer = api.raw("POST", "trades/", b"{}", HTTP_CONTENT_ENCODING=coding)
    assert answer.status_code == 415


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "٣", "+5"])
def test_a_length_that_is_no_number_is_refused(api, length):
    assert api.raw("POST", "trades/", b"{}", CONTENT_LENGTH=length).status_code in (400, 413)


@pytest.mark.django_db(transaction=True)
class TestOverTheWire:
    """What only a real server meets."""

    @pytest.fixture
    def speak(self, server):
        secret = server.client(make_bot())._token

        def speak(head: str, body: bytes = b"") -> tuple[int, bytes]:
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                start = (
                    f"POST /api/v1/trades/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    f"Authorization: Bearer {secret}\r\nContent-Type: application/json\r\n"
                )
                connection.sendall(f"{start}{head}\r\n".encode() + body)
                connection.shutdown(socket.SHUT_WR)
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                return answer.status, answer.read()

        return speak

    def test_a_chunked_body_needs_a_length(self, speak):
        status, said = speak("Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n")
        assert status == 411
        assert "Content-Length" in json.loads(said)["detail"]

    def test_a_body_shorter_than_its_length_is_refused(self, speak):
        status, said = speak("Content-Length: 5000\r\n", json.dumps(payload()).encode())
        assert status == 400
        assert "shorter" in json.loads(said)["detail"]
        assert not Trade.objects.exists()

    def test_a_body_that_is_too_long_is_refused_by_its_length_alone(self, speak):
        status, said = speak("Content-Length: 5000001\r\nConnection: close\r\n")
        assert status == 413 and "5 MB" in json.loads(said)["detail"]

    @pytest.mark.parametrize(
        "head",
        ["".join(f"X-{number}: 1\r\n" for number in range(200)), f"X-Long: {'x' * 16_000}\r\n"],
    )
    def test_too_many_or_too_long_headers_are_refused(self, speak, head):
        assert speak(f"{head}Content-Length: 0\r\n")[0] == 431

    def test_a_length_beside_chunks_is_refused(self, speak):
        head = "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"
        assert speak(head, b"2\r\n{}\r\n0\r\n\r\n")[0] == 400

    def test_large_batches_do_not_grow_the_process(self, server):
        client = server.client(make_bot("Theo"))
        body = [{}] * 50_000
        sizes = []
        for _ in range(2):
            for _ in range(10):
                assert client.ask("POST", "trades/", body).status == 413
            sizes.append(sum(_resident(pid) for pid in server.workers()))
        assert sizes[1] - sizes[0] < 20_000_000


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize()
