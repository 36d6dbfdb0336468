"""A bot whose alerts are told, and servers that take what is sent, over real connections."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from aiosmtpd.controller import Controller

from analytics.models import Alert, AlertEvent, Channel
from tests.trading.story import make_bot

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)


class Mailbox:
    """What a mail server was handed; ``answer`` is what it says to the next ones."""

    def __init__(self) -> None:
        self.mails, self.answer = [], "250 taken"

    async def handle_DATA(self, server, session, envelope):
        if self.answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            self.mails.append((envelope.rcpt_tos, mail))
        return self.answer


@pytest.fixture
def mailbox(settings):
    """A mail server on this machine, which EMAIL_URL names."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    controller.stop()


class Hook:
    """A web server that keeps what was posted to it."""

    def __init__(self) -> None:
        self.bodies, self.status, self.location = [], 200, ""

    @contextmanager
    def listening(self):
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(hook.status)
                if hook.location:
                    self.send_header("Location", hook.location)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        with ThreadingHTTPServer(("0.0.0.0", 0), Handler) as server:
            self.port = server.server_port
            Thread(target=server.serve_forever, daemon=True).start()
            yield self
            server.shutdown()


@pytest.fixture
def hook():
    with Hook().listening() as found:
        yield found


@pytest.fixture
def bot(db, settings):
    settings.BASE_URL = "https://bot.example.org"
    return make_bot()


@pytest.fixture
def channel(bot):
    return Channel.objects.create(
        name="Desk", address="me@example.org", group_minutes=0, since=NOW - timedelta(days=90)
    )


@pytest.fixture
def happen(bot):
    """Let something happen to an alert of its own, or of one given."""

    def happen(sentence="The win rate fell.", severity="warning", at=NOW, type_="opened", **given):
        alert = given.pop("alert", None) or Alert.objects.create(
            kind="win_rate",
            key=f"k{Alert.objects.count()}",
            event="e",
            bot=given.pop("bot", bot),
            severity=severity,
            sentence=sentence,
            advice="Look at the newest change.",
            opened_at=at,
            seen_at=at,
            changed_at=at,
            **given,
        )
        return AlertEvent.objects.create(
            alert=alert, type=type_, at=at, severity=severity, sentence=sentence, written_at=at
        )

    return happen
