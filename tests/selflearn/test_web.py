"""What the web server sends of an answer, and when."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from selflearn.gunicorn_conf import Joined


@pytest.fixture
def ends() -> Iterator[tuple[Joined, socket.socket]]:
    """The server's end of a connection and the client's, whose every read is one packet."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.settimeout(5)
    with ours, theirs:
        yield Joined(ours), theirs


def arrived(theirs: socket.socket) -> bool:
    theirs.setblocking(False)
    try:
        theirs.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    finally:
        theirs.settimeout(5)
    return True


def test_the_head_of_an_answer_goes_out_with_the_first_part_of_its_body(ends):
    ours, theirs = ends
    ours.sendall(b"head ")
    assert not arrived(theirs)
    ours.sendall(b"body")
    assert theirs.recv(100) == b"head body"


def test_what_follows_is_sent_as_it_comes(ends):
    ours, theirs = ends
    for part in (b"head ", b"first", b"second", b"third"):
        ours.sendall(part)
    assert [theirs.recv(100) for _ in range(3)] == [b"head first", b"second", b"third"]


def test_a_head_without_a_body_is_sent_at_the_end_and_once(ends):
    ours, theirs = ends
    ours.sendall(b"head")
    ours.flush()
    ours.flush()
    assert theirs.recv(100) == b"head" and not arrived(theirs)


def test_whatever_else_is_done_with_the_socket_comes_after_the_head(ends):
    ours, theirs = ends
    ours.sendall(b"head")
    ours.send(b"file")
    ours.shutdown(socket.SHUT_WR)
    assert [theirs.recv(100) for _ in range(3)] == [b"head", b"file", b""]
