"""The whole product in the foreground: web pages and background worker."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections

from selflearn import database
from selflearn.management.initial_admin import create_admin
from selflearn.management.listener import answers, listen, local_url
from selflearn.worker import processes

EVERYWHERE = ("0.0.0.0", "::")
PATIENCE = 20  # the worker drains for 15
REPORTED = timedelta(days=8)  # of the demo, told as if it had been watched
START_LIMIT = 60
STEADY, LONGEST_PAUSE = 60, 30  # seconds


class Command(BaseCommand):
    help = "Prepare the database, then serve the web pages and run the worker (Ctrl-C stops both)."
    # Done in handle(), once the database could be opened.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", default=8000, type=int, help="port to listen on")
        parser.add_argument(
            "--demo", action="store_true", help="fill in an invented market with a paper bot"
        )

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        try:
            with listen(host, port) as listener:
                self.prepare()
                self.serve(listener, host, demo)
        except KeyboardInterrupt:
            raise CommandError("interrupted while starting", returncode=130) from None

    def prepare(self) -> None:
        """Bring the database to this version; make the first user where there is none."""
        applied = database.upgrade()
        self.check(databases=["default"])
        changes = f" ({applied} migrations applied)" if applied else ""
        self.say(f"database ready: {database.place()}{changes}")
        password = create_admin()
        if password:
            self.say(welcome(password))

    def serve(self, listener: socket.socket, host: str, demo: bool) -> None:
        """Run web and worker until a signal or until the web server ends by itself."""
        asked = threading.Event()
        insistent = threading.Event()

        def on_signal(number: int, frame: object) -> None:
            (insistent if asked.is_set() else asked).set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, on_signal)
        # The programs are started one by one: whatever happens then, those started are stopped.
        children: list[processes.Child] = []
        try:
            self.start(children, listener, host)
            failure = self.wait_for_answer(children, listener, asked)
            if not failure and not asked.is_set():
                if demo:
                    self.fill(local_url(listener), children, asked)
                self.announce(listener, host)
                failure = self.watch(children, listener, asked)
            self.say(f"selflearn: {failure}; stopping" if failure else "stopping ...")
        finally:
            processes.stop(children, patience=PATIENCE, hurry=insistent.is_set)
        if failure:
            raise CommandError(failure)
        self.say("stopped")

    def start(self, children: list[processes.Child], listener: socket.socket, host: str) -> None:
        environment = dict(os.environ)
        if "ALLOWED_HOSTS" not in environment and host not in EVERYWHERE:
            environment["ALLOWED_HOSTS"] = ",".join([*settings.ALLOWED_HOSTS, host])
        number = listener.fileno()
        bind = ("--bind", f"fd://{number}", "selflearn.wsgi")
        web = (
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            "python:selflearn.gunicorn_conf",
            *bind,
        )
        children.append(
            processes.start("web server", web, environment=environment, keep_open=(number,))
        )
        gc.collect()
        gc.freeze()
        children.append(fork_worker(listener))

    def watch(
        self, children: list[processes.Child], listener: socket.socket, asked: threading.Event
    ) -> str | None:
        """Wait for a signal, or for the end of the web server, and return what went wrong. A
        worker that ends is followed by another, after a pause that grows if that ends too."""
        web, since, pause = children[0], time.monotonic(), 0.0
        while not asked.wait(0.5):
            if failure := first_end([web]):
                return failure
            if how := children[1].ended():
                lasted = time.monotonic() - since
                pause = 0.0 if lasted > STEADY else min(LONGEST_PAUSE, 2 * pause + 1)
                self.say(f"selflearn: the worker stopped unexpectedly ({how}); starting another")
                if asked.wait(pause):
                    return None
                children[1], since = fork_worker(listener), time.monotonic()
        return None

    def wait_for_answer(
        self, children: list[processes.Child], listener: socket.socket, asked: threading.Event
    ) -> str | None:
        """Wait for the first page; return what went wrong, if anything."""
        for _ in range(START_LIMIT * 10):
            if asked.wait(0.1):
                return None
            failure = first_end(children)
            if failure or answers(listener):
                return failure
        return f"the web server did not answer within {START_LIMIT} s"

    def fill(self, url: str, children: list[processes.Child], asked: threading.Event) -> None:
        """The demo, through the server that was just started. It can be left at any moment: the
        next start goes on with it."""
        filling = threading.Thread(target=self.demo, args=(url,), daemon=True)
        filling.start()
        while filling.is_alive() and not asked.wait(0.1) and not first_end(children):
            pass

    def demo(self, url: str) -> None:
        from analytics import jobs
        from trading import clock
        from trading.demo import bot

        began = time.monotonic()
        try:
            filled = bot.fill(url, lambda text: self.say(f"demo: {text}"))["filled"]
            if filled:
                # The worker writes the reports of the days that were just filled in.
                jobs.make_up("report", clock.now() - REPORTED)
        except Exception as error:
            # Whatever it is, it must not take the product down.
            self.say(f"demo: {error}")
            return
        finally:
            connection.close()
        took = f"ready after {time.monotonic() - began:.0f} s" if filled else "there already"
        self.say(f"demo: {took}; python3 manage.py demo --clear removes it")

    def announce(self, listener: socket.socket, host: str) -> None:
        self.say(f"selflearn is ready: {local_url(listener)} (Ctrl-C stops it)")
        public = set(settings.ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"}
        if host in EVERYWHERE and not public:
            self.say("Other machines are refused: set ALLOWED_HOSTS to the names they will use.")
        if not apps.get_model("trading", "Bot").objects.exists():
            self.say(
                "No bot yet: make one with 'python3 manage.py create_bot NAME', then connect it, "
                "or import its file with 'python3 manage.py import_bot_db FILE --bot NAME'. To "
                "look around first: 'python3 manage.py up --demo'."
            )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def fork_worker(listener: socket.socket) -> processes.Child:
    """A worker needs what is loaded here already: a copy costs a third of the memory."""
    connections.close_all()
    return processes.fork("worker", work, closing=(listener.fileno(),))


def work() -> None:
    call_command("worker")


def first_end(children: list[processes.Child]) -> str | None:
    """What to say when one of the programs has ended."""
    for child in children:
        how = child.ended()
        if how:
            return f"the {child.name} stopped unexpectedly ({how})"
    return None


def welcome(password: str) -> str:
    """The box with the first password."""
    lines = (
        "First start. Log in with",
        "",
        "    user      admin",
        f"    password  {password}",
        "",
        "The password is shown this once and stored only as a hash. Another one:",
        "python3 manage.py changepassword admin",
    )
    width = max(map(len, lines))
    edge = "+" + "-" * (width + 4) + "+"
    return "\n".join([edge, *(f"|  {line:<{width}}  |" for line in lines), edge])
