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
STOP_LIMIT = 20  # seconds; the worker finishes its tasks for 15
REPORTED = timedelta(days=8)  # of the demo's past that gets daily reports
START_LIMIT = 60
STEADY, LONGEST_PAUSE = 60, 30  # seconds: of a worker that ran well; between restarts


class Command(BaseCommand):
    help = "Prepare the database, then serve the web pages and run the worker (Ctrl-C stops both)."
    # Done in handle(), once the database could be opened.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", default=8000, type=int, help="port to listen on")
        parser.add_argument(
            "--demo", action="store_true", help="add a synthetic market with a paper bot"
        )

    def handle(self, *args: Any, host: str, port: int, demo: bool, **options: Any) -> None:
        try:
            with listen(host, port) as listener:
                self.prepare()
                self.serve(listener, host, demo)
        except KeyboardInterrupt:
            raise CommandError("interrupted while starting", returncode=130) from None

    def prepare(self) -> None:
        """Migrate the database; create the first user where there is none."""
        applied = database.upgrade()
        self.check(databases=["default"])
        changes = f" ({applied} migrations applied)" if applied else ""
        self.say(f"database ready: {database.place()}{changes}")
        password = create_admin()
        if password:
            self.say(welcome(password))

    def serve(self, listener: socket.socket, host: str, demo: bool) -> None:
        """Run web and worker until a signal or until the web server ends by itself."""
        stop_requested = threading.Event()
        hurry = threading.Event()  # a second signal

        def on_signal(number: int, frame: object) -> None:
            (hurry if stop_requested.is_set() else stop_requested).set()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, on_signal)
        # Whatever happens while they start, those that were started are stopped.
        children: list[processes.Child] = []
        try:
            self.start(children, listener, host)
            failure = self.wait_for_answer(children, listener, stop_requested)
            if not failure and not stop_requested.is_set():
                if demo:
                    self.fill(local_url(listener), children, stop_requested)
                self.announce(listener, host)
                failure = self.watch(children, listener, stop_requested)
            self.say(f"selflearn: {failure}; stopping" if failure else "stopping ...")
        finally:
            processes.stop(children, patience=STOP_LIMIT, hurry=hurry.is_set)
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
        self, children: list[processes.Child], listener: socket.socket, stop: threading.Event
    ) -> str | None:
        """Wait for a signal or the end of the web server; return what went wrong, if anything.

        A worker that ends is replaced, after a pause that grows while its successors end too.
        """
        web, since, pause = children[0], time.monotonic(), 0.0
        while not stop.wait(0.5):
            if failure := first_end([web]):
                return failure
            if reason := children[1].ended():
                lasted = time.monotonic() - since
                pause = 0.0 if lasted > STEADY else min(LONGEST_PAUSE, 2 * pause + 1)
                self.say(f"selflearn: the worker stopped unexpectedly ({reason}); starting another")
                if stop.wait(pause):
                    return None
                children[1], since = fork_worker(listener), time.monotonic()
        return None

    def wait_for_answer(
        self, children: list[processes.Child], listener: socket.socket, stop: threading.Event
    ) -> str | None:
        """Wait for the first page; return what went wrong, if anything."""
        for _ in range(START_LIMIT * 10):
            if stop.wait(0.1):
                return None
            failure = first_end(children)
            if failure or answers(listener):
                return failure
        return f"the web server did not answer within {START_LIMIT} s"

    def fill(self, url: str, children: list[processes.Child], stop: threading.Event) -> None:
        """Fill the demo through the server that was just started. It can be interrupted at any
        moment: the next start completes it."""
        filling = threading.Thread(target=self.demo, args=(url,), daemon=True)
        filling.start()
        while filling.is_alive() and not stop.wait(0.1) and not first_end(children):
            pass

    def demo(self, url: str) -> None:
        from analytics import jobs
        from trading import clock
        from trading.demo import bot

        started = time.monotonic()
        try:
            filled = bot.fill(url, lambda text: self.say(f"demo: {text}"))["filled"]
            if filled:
                # The worker writes the reports of the newest days.
                jobs.make_up("report", clock.now() - REPORTED)
        except Exception as error:
            # Whatever goes wrong here, the product must keep running.
            self.say(f"demo: {error}")
            return
        finally:
            connection.close()
        state = f"ready after {time.monotonic() - started:.0f} s" if filled else "exists already"
        self.say(f"demo: {state}; python3 manage.py demo --clear removes it")

    def announce(self, listener: socket.socket, host: str) -> None:
        self.say(f"selflearn is ready: {local_url(listener)} (Ctrl-C stops it)")
        public = set(settings.ALLOWED_HOSTS) - {"localhost", "127.0.0.1", "[::1]"}
        if host in EVERYWHERE and not public:
            self.say("Other machines are refused: set ALLOWED_HOSTS to the names they will use.")
        if not apps.get_model("trading", "Bot").objects.exists():
            self.say(
                "No bot yet: create one with 'python3 manage.py create_bot NAME', then connect it, "
                "or import its file with 'python3 manage.py import_bot_db FILE --bot NAME'. To "
                "look around first: 'python3 manage.py up --demo'."
            )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def fork_worker(listener: socket.socket) -> processes.Child:
    """Fork the worker: it shares what is loaded here, a third of the memory of a new process."""
    connections.close_all()
    return processes.fork("worker", work, closing=(listener.fileno(),))


def work() -> None:
    call_command("worker")


def first_end(children: list[processes.Child]) -> str | None:
    """Why the first of the children ended; None while all run."""
    for child in children:
        reason = child.ended()
        if reason:
            return f"the {child.name} stopped unexpectedly ({reason})"
    return None


def welcome(password: str) -> str:
    """The box with the first password."""
    lines = (
        "First start. Log in with",
        "",
        "    user      admin",
        f"    password  {password}",
        "",
        "The password is shown only once and stored only as a hash. To change it:",
        "python3 manage.py changepassword admin",
    )
    width = max(map(len, lines))
    edge = "+" + "-" * (width + 4) + "+"
    return "\n".join([edge, *(f"|  {line:<{width}}  |" for line in lines), edge])
