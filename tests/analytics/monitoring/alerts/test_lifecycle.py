"""An alert opens once, worsens, is taken note of, ends and returns; each step leaves an event."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analytics.models import Alert, AlertEvent
from analytics.monitoring.alerts import REGISTRY, lifecycle
from analytics.monitoring.alerts.base import Finding
from analytics.monitoring.alerts.configured import ConfiguredRule
from analytics.monitoring.alerts.lifecycle import NotPossible, Place
from tests.trading.story import MONDAY, make_bot
from trading import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
State = Alert.State


@pytest.fixture
def place(db):
    return Place(make_bot().pk)


def rule(kind="window_loss", severity="warning"):
    rule = REGISTRY[kind]
    return ConfiguredRule(rule, True, severity, rule.defaults())


def found(event="", grave=False, sentence="It fell."):
    return Finding(sentence, "Look.", {"chance": 0.001}, event, grave)


def judge(place, finding, hours, by=None):
    return [
        one.type for one in lifecycle.judge(by or rule(), place, finding, MONDAY + hours * HOUR)
    ]


def told() -> list[tuple]:
    """Every event: hours since Monday, what, and how severe."""
    events = AlertEvent.objects.order_by("at", "pk").values_list("at", "type", "severity")
    return [((at - MONDAY) / HOUR, kind, severity) for at, kind, severity in events]


def test_it_opens_once_however_often_it_is_found(place):
    assert judge(place, found(), 0) == ["opened"]
    assert judge(place, found(), 0) == judge(place, found(sentence="It fell further."), 1) == []
    (alert,) = Alert.objects.all()
    assert (alert.state, alert.sentence) == (State.OPEN, "It fell further.")
    assert (alert.opened_at, alert.seen_at) == (MONDAY, MONDAY + HOUR)
    assert alert.events.get().sentence == "It fell."


def test_it_resolves_automatically_after_long_enough_without_a_finding(place):
    judge(place, found(), 0)
    assert judge(place, None, 23) == []
    assert judge(place, None, 24) == ["ended"]
    assert judge(place, None, 25) == []
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_at) == (State.RESOLVED, MONDAY + 24 * HOUR)


def test_what_comes_back_within_a_week_is_the_same_alert_and_later_a_new_one(place):
    judge(place, found(), 0)
    judge(place, None, 24)
    assert judge(place, found(), 100) == ["reopened"]
    judge(place, None, 124)
    assert judge(place, found(), 100 + 24 * 7 + 1) == ["opened"]
    assert Alert.objects.count() == 2


def test_a_named_occurrence_never_raises_two_alerts(place):
    assert judge(place, found("peak of Monday"), 0) == ["opened"]
    assert judge(place, found("peak of Friday"), 100) == ["ended", "opened"]
    judge(place, None, 130)
    assert judge(place, found("peak of Friday"), 10_000) == ["reopened"]
    assert Alert.objects.count() == 2


def test_it_escalates_once_and_is_open_again(place):
    judge(place, found(), 0)
    lifecycle.acknowledge(Alert.objects.get())
    at = (Alert.objects.get().changed_at - MONDAY) / HOUR
    assert judge(place, found(grave=True), at + 1) == ["escalated"]
    assert judge(place, found(grave=True), at + 2) == judge(place, found(), at + 3) == []
    alert = Alert.objects.get()
    assert (alert.state, alert.severity) == (State.OPEN, "critical")


def test_it_is_acknowledged_with_a_note(place, admin_user):
    judge(place, found(), 0)
    event = lifecycle.acknowledge(Alert.objects.get(), by=admin_user, note="Fees of the new tier")
    assert (event.by, event.note) == (admin_user, "Fees of the new tier")
    assert Alert.objects.get().state == State.ACKNOWLEDGED
    with pytest.raises(NotPossible, match="already acknowledged"):
        lifecycle.acknowledge(Alert.objects.get())


def test_a_snoozed_alert_is_silent_until_its_moment_and_comes_back_if_it_still_holds(place):
    with clock.at(MONDAY + HOUR):
        judge(place, found(), 1)
        lifecycle.snooze(Alert.objects.get(), until=MONDAY + 5 * HOUR)
    assert judge(place, found(), 4) == []
    assert Alert.objects.get().state == State.SNOOZED
    assert judge(place, found(), 5) == ["reopened"]
    assert Alert.objects.get().snoozed_until is None


def test_a_snooze_must_end_in_the_future(place):
    judge(place, found(), 0)
    with pytest.raises(NotPossible, match="future"):
        lifecycle.snooze(Alert.objects.get(), until=MONDAY)


def test_resolved_manually_it_stays_resolved_unless_it_gets_worse(place):
    with clock.at(MONDAY + HOUR):
        judge(place, found(), 1)
        lifecycle.resolve(Alert.objects.get(), note="Known")
    assert [judge(place, found(), hour) for hour in range(2, 80)] == [[]] * 78
    assert judge(place, found(grave=True), 80) == ["reopened"]
    assert Alert.objects.get().severity == "critical"


def test_resolved_manually_it_opens_again_after_it_was_gone(place):
    with clock.at(MONDAY + HOUR):
        judge(place, found(), 1)
        lifecycle.resolve(Alert.objects.get())
    judge(place, None, 20)
    assert judge(place, found(), 27) == ["reopened"]


def test_a_step_that_somebody_else_made_first_is_refused(place):
    judge(place, found(), 0)
    mine, theirs = Alert.objects.get(), Alert.objects.get()
    lifecycle.acknowledge(theirs)
    with pytest.raises(NotPossible, match="meanwhile"):
        lifecycle.resolve(mine)
    with pytest.raises(NotPossible, match="resolved"):
        lifecycle.resolve(theirs)
        lifecycle.resolve(Alert.objects.get())
    assert AlertEvent.objects.count() == 3


def test_checking_the_past_again_changes_nothing(place):
    story = [found(), found(), None, *[None] * 30, found(grave=True), None]
    for hour, finding in enumerate(story):
        judge(place, finding, hour)
    before, alerts = told(), list(Alert.objects.values())
    for hour, finding in enumerate(story):
        assert judge(place, finding, hour) == []
    assert (told(), list(Alert.objects.values())) == (before, alerts)
    assert [what for _, what, _ in before] == ["opened", "ended", "reopened"]


def test_a_history_looked_at_later_has_its_alerts_beside_those_of_today(place):
    judge(place, found("this year"), 9_000)
    assert judge(place, found("last year"), 10) == ["opened"]
    assert judge(place, None, 40) == ["ended"]
    assert Alert.objects.get(event="this year").state == State.OPEN


def test_a_rule_that_never_waits_ends_with_the_next_look(place):
    by = rule("silent", "critical")
    assert judge(place, found("since noon"), 0, by) == ["opened"]
    assert judge(place, None, 0, by) == []
    assert judge(place, None, 0.1, by) == ["ended"]
