"""A database server that crashes and recovers, and the product goes on without a restart."""

import json
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings

from .outages import Cluster, programs, survive
from .server import ROOT, Client, Server, serving

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(settings.SQLITE, reason="needs a database that is a server"),
    pytest.mark.skipif(programs() is None, reason="needs the programs of a PostgreSQL server"),
]
ROLLUPS = """
    SELECT s.key, d.day, d.tally, d.hours FROM trading_rollupday d
    JOIN trading_scope s ON s.id = d.scope_id ORDER BY 1, 2
"""


def manage(server: Server, *arguments: str) -> str:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(
        command, env=server.environment(), check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    # Its own user has to reach it.
    for part in (folder, *folder.parents[:2]):
        part.chmod(0o755)
    with Cluster(folder, programs()) as cluster:
        yield cluster


def test_nothing_is_lost_when_the_database_server_crashes_five_times(cluster, tmp_path):
    url = f"postgres://postgres@127.0.0.1:{cluster.port}/postgres"
    manage(Server(tmp_path, url), "migrate", "-v", "0")
    with serving(tmp_path, url) as server:
        made = json.loads(manage(server, "create_bot", "Mara", "--json"))
        client = Client(server.port, made["token"])
        acknowledged = survive(client, cluster, times=5, seconds=2)
        with psycopg.connect(url) as database:
            ids = "SELECT COUNT(*), COUNT(DISTINCT external_id) FROM trading_trade"
            assert database.execute(ids).fetchone() == (acknowledged, acknowledged)
            kept = database.execute(ROLLUPS).fetchall()
            database.commit()
            manage(server, "rebuild_rollups")
            assert database.execute(ROLLUPS).fetchall() == kept != []
