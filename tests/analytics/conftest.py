import pytest
from django_q.signing import SignedPackage

from analytics.jobs import runs
from selflearn.worker.broker import Owned
from tests.analytics import lines


@pytest.fixture
def timetable(db, settings, monkeypatch):
    settings.TIMETABLE = "tests.analytics.lines.TIMETABLE"
    monkeypatch.setattr(lines, "calls", [])
    monkeypatch.setattr(lines, "here", True)
    return lines


@pytest.fixture
def work():
    """Do what is queued, as the worker would, until there is nothing left; say what was done."""

    def done(queue="short"):
        broker, answers = Owned(queue), []
        while taken := broker._take():
            for row, payload in taken:
                task = SignedPackage.loads(payload)
                answers.append(runs.run(*task["args"]))
                broker.acknowledge(row)
        return answers

    return done


@pytest.fixture
def api(db):
    from tests.trading.api.conftest import Api
    from tests.trading.story import make_bot

    return Api(make_bot())
