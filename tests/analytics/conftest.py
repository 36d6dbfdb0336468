import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from analytics.jobs import runs
from tests.analytics import lines


@pytest.fixture
def timetable(db, settings, monkeypatch):
    settings.TIMETABLE = "tests.analytics.lines.TIMETABLE"
    monkeypatch.setattr(lines, "calls", [])
    monkeypatch.setattr(lines, "here", True)
    return lines


@pytest.fixture
def work():
    """Run what is queued, as the worker would, until nothing is left; return the answers."""

    def run_queued(queue="short"):
        answers = []
        while message := OrmQ.objects.filter(key=queue, lock__lte=timezone.now()).first():
            answers.append(runs.run(*SignedPackage.loads(message.payload)["args"]))
            message.delete()
        return answers

    return run_queued


@pytest.fixture
def api(db):
    from tests.trading.api.conftest import Api
    from tests.trading.story import make_bot

    return Api(make_bot())
