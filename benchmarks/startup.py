#!/usr/bin/env python3
"""How long a command takes to start, and what a web process has loaded once it serves.

The peer is a new project as ``startproject`` makes it, with the one endpoint that the first page
of Django REST framework's documentation shows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import ground

if __name__ == "__main__":
    ground.ensure_packages()

from figures import Table, in_turns, times

BAR = 1.5
HEAVY = ("pandas", "numba", "matplotlib", "scipy", "optuna")
WEB = """
import json, resource, sys
import selflearn.wsgi
from django.urls import get_resolver
get_resolver().url_patterns  # what the first request loads
heavy = [name for name in {heavy!r} if name in sys.modules]
resident = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
print(json.dumps([heavy, resident / 1e6, len(sys.modules)]))
"""
BARE_URLS = """
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import include, path
from rest_framework import routers, serializers, viewsets

class UserSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = User
        fields = ["url", "username", "email", "is_staff"]

class UserViewSet(viewsets.ModelViewSet):
    queryset = User.objects.all()
    serializer_class = UserSerializer

router = routers.DefaultRouter()
router.register(r"users", UserViewSet)
urlpatterns = [path("admin/", admin.site.urls), path("", include(router.urls))]
"""
BARE_WEB = """
import json, resource, sys
import bare.wsgi
from django.urls import get_resolver
get_resolver().url_patterns
resident = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
print(json.dumps([[], resident / 1e6, len(sys.modules)]))
"""


def bare_project(folder: Path) -> Path:
    """A new project with REST framework, its one endpoint, and nothing else."""
    subprocess.run(
        [sys.executable, "-m", "django", "startproject", "bare", str(folder)], check=True
    )
    settings = folder / "bare" / "settings.py"
    text = settings.read_text()
    settings.write_text(text.replace("INSTALLED_APPS = [", "INSTALLED_APPS = ['rest_framework',"))
    (folder / "bare" / "urls.py").write_text(BARE_URLS)
    return folder


def run(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout


def environments(scratch: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Ours with a directory of its own; the peer's without our settings."""
    plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    ours = {name: value for name, value in plain.items() if name != "DATABASE_URL"}
    return (
        ours | {"DATA_DIR": str(scratch), "DJANGO_SETTINGS_MODULE": "selflearn.settings"},
        plain | {"DJANGO_SETTINGS_MODULE": "bare.settings"},
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as scratch:
        ours, theirs = environments(Path(scratch))
        folder = Path(scratch, "peer")
        folder.mkdir()
        bare = bare_project(folder)
        check = ("manage.py", "check")
        mine, peer = in_turns(
            [partial(run, ground.ROOT, ours, *check), partial(run, bare, theirs, *check)], repeats
        )
        table = Table("Start-up")
        table.at_most(f"manage.py check, median of {repeats}", mine / peer, BAR, times, mine, peer)
        heavy, mine, modules = json.loads(run(ground.ROOT, ours, "-c", WEB.format(heavy=HEAVY)))
        _, peer, fewer = json.loads(run(bare, theirs, "-c", BARE_WEB))
        table.at_most("heavy packages in a web process", len(heavy), 0)
        table.note("web process, resident", f"{mine:.0f} MB", f"{peer:.0f} MB", times(mine / peer))
        table.note("web process, modules", str(modules), str(fewer))
        table.show()
        if heavy:
            print("loaded at start:", ", ".join(heavy))


if __name__ == "__main__":
    main()
