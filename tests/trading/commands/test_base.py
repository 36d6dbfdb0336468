"""What every command shares."""

import os
import subprocess
import sys

TALKATIVE = """
import django
django.setup()
from trading.management.base import Command

class Talkative(Command):
    requires_system_checks = []

    def handle(self, **options):
        for line in range(20_000):
            self.stdout.write(f"line {line}")

Talkative().run_from_argv(["manage.py", "talkative"])
"""


def test_a_reader_who_has_seen_enough_is_no_error(tmp_path):
    variables = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "selflearn.settings"}
    with subprocess.Popen(
        [sys.executable, "-c", TALKATIVE],
        env=os.environ | variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as ran:
        assert ran.stdout.readline() == "line 0\n"
        ran.stdout.close()
        assert (ran.stderr.read(), ran.wait(timeout=60)) == ("", 0)
