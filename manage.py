#!/usr/bin/env python3
"""Runs the product's commands and creates the environment they need on first use."""

import os
import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - whoever sees this runs an older one
    sys.exit(
        "selflearn needs Python 3.11 or newer, this is %d.%d. Where a newer one is installed, "  # noqa: UP031
        "call it by name: python3.11 manage.py up" % sys.version_info[:2]
    )

from selflearn import bootstrap

ROOT = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    bootstrap.ensure(ROOT, arguments)
    if arguments[:1] == ["test"]:
        return run_tests(arguments[1:])

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "selflearn.settings")
    try:
        execute_from_command_line([sys.argv[0], *arguments])
    except ImproperlyConfigured as error:
        print(f"selflearn: {error}", file=sys.stderr)
        return 1
    return 0


def run_tests(arguments: list[str]) -> int:
    import pytest

    os.chdir(ROOT)
    return int(pytest.main(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
