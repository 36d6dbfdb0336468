import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(not settings.SQLITE, reason="psycopg is needed on PostgreSQL")
def test_a_start_on_sqlite_leaves_psycopg_alone_and_lets_others_import_it_later(tmp_path):
    code = (
        "import django, sys; django.setup(); assert 'psycopg' not in sys.modules;"
        "from django.contrib.postgres.fields import ArrayField; print(ArrayField.__name__)"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "selflearn.settings", "DATA_DIR": str(tmp_path)}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert found.stdout.strip() == "ArrayField", found.stderr
