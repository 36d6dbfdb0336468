"""The contract of every alert rule, tested on a history with the fault that it detects."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from analytics import frames
from analytics.monitoring import evidence_days
from analytics.monitoring.alerts import REGISTRY, base, inputs
from analytics.monitoring.alerts.base import ORDER, InvalidRule
from analytics.monitoring.alerts.system_inputs import SystemFrame
from tests.analytics.history import DAY, closed, keep
from tests.trading.story import MONDAY, make_bot
from trading import clock

from .faults import FAULTS, SAID, quiet

pytestmark = pytest.mark.django_db
STRATEGY = [kind for kind, rule in REGISTRY.items() if rule.about == "strategy"]
SPOKEN = ("None", "nan", "inf", "{", "  ", "..")


def look(kind, bot, at, **parameters):
    """What the alert finds about this bot, as of a moment."""
    rule = REGISTRY[kind]
    with clock.at(at):
        subjects = frames.subjects(bot.pk)
        evidence_days.build(bot.pk, at, subjects)
        bot.refresh_from_db()
        seen = {
            "strategy": lambda: next(iter(inputs.strategies(subjects, at)), None),
            "bot": lambda: inputs.BotFrame(bot, at),
            "system": lambda: SystemFrame(at),
        }[rule.about]()
        if seen is None:
            return None
        return rule.check(seen, at, rule.clean(parameters))


@pytest.fixture
def bot(db):
    return make_bot()


def test_every_alert_has_a_fault_to_be_tried_on():
    assert FAULTS.keys() == REGISTRY.keys() == SAID.keys()


@pytest.mark.parametrize("kind", REGISTRY)
def test_it_declares_what_it_is_and_how_often_it_is_wrong(kind):
    rule = REGISTRY[kind]
    assert rule.key == kind and rule.about in ("strategy", "bot", "system")
    assert rule.severity in ORDER
    for text in (rule.title, rule.help, rule.error_rate):
        assert text and text[0].isupper()
    assert rule.help.endswith(".") and rule.error_rate.endswith(".")
    assert all(one.help.endswith((".", "?")) for one in rule.parameters)
    assert rule.clean({}) == rule.defaults() == rule.complete({"gone": 1})
    with pytest.raises(InvalidRule) as refused:
        rule.clean({"gone": 1})
    assert "gone" in refused.value.errors


@pytest.mark.parametrize("kind", REGISTRY)
def test_it_finds_its_own_fault_and_describes_it(kind, bot):
    found = look(kind, bot, FAULTS[kind](bot))
    assert found is not None
    assert SAID[kind] in found.sentence
    for text in (found.sentence, found.advice):
        assert text[0].isupper() or text.startswith(("rsi_bb", "“"))
        assert text.endswith(".")
        assert not any(strange in text for strange in SPOKEN)
    json.dumps(found.evidence, allow_nan=False)
    assert len(found.event) <= 120


@pytest.mark.parametrize("kind", STRATEGY)
def test_it_is_quiet_where_nothing_is_wrong_or_nothing_is_known(kind, bot):
    assert look(kind, bot, MONDAY) is None
    keep(bot, [closed(99_999, MONDAY + timedelta(hours=1), -1.0)])
    assert look(kind, bot, MONDAY + timedelta(hours=2)) is None
    assert look(kind, bot, quiet(bot)) is None


@pytest.mark.parametrize("kind", ["silent", "clock_skew", "candles", "job_failed", "queue_stuck"])
def test_it_says_nothing_of_a_bot_that_never_spoke_or_of_work_that_is_done(kind, bot):
    assert look(kind, bot, MONDAY) is None


@pytest.mark.parametrize("kind", STRATEGY)
def test_what_comes_later_does_not_change_what_it_finds(kind, bot):
    at = FAULTS[kind](bot)
    before = look(kind, bot, at)
    keep(
        bot,
        [
            closed(50_000 + number, at + timedelta(minutes=7 * number), 3.0, "later")
            for number in range(400)
        ],
    )
    assert look(kind, bot, at + 3 * DAY) != before
    assert look(kind, bot, at) == before


def test_one_step_more_severe_ends_at_critical():
    assert [base.worse(one) for one in ORDER] == ["warning", "critical", "critical"]


def test_a_fixed_limit_of_the_win_rate_replaces_the_learned_one(bot):
    at = quiet(bot)
    given = {"limit_from": "fixed", "limit": 0.9, "fewest_trades": 5}
    found = look("win_rate", bot, at, **given)
    assert "(limit 90%; 95% CI" in found.sentence
    assert look("win_rate", bot, at, **given | {"limit": 0.1}) is None
    assert look("win_rate", bot, at, **given | {"fewest_trades": 9}) is None  # 8 trades a day


def test_fixed_limits_of_streaks_pauses_and_drawdowns_replace_the_learned_ones(bot):
    at = quiet(bot)
    keep(bot, [closed(99_999, at - DAY / 100, -1.0)])
    assert "The limit is fixed" in look("losing_streak", bot, at + DAY / 4, limit=1).sentence
    assert "the fixed limit is 2 h" in look("no_trades", bot, at + DAY / 4, hours=2).sentence
    assert look("no_trades", bot, at + DAY / 4, hours=8) is None
    assert "a fixed limit" in look("drawdown", bot, at, limit_pct=0.01).sentence
