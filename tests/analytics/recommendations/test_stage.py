"""What reports lead to: proposed once, decided by people, held to what came of it."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from analytics import recommendations
from analytics.frames import reports
from analytics.models import Recommendation, Report, Run
from analytics.recommendations import apply, track_record
from analytics.research import trust
from tests.analytics import history
from tests.analytics.history import keep
from tests.analytics.replays import EAGER, MARKET
from tests.analytics.sample_reports import DAY, MUTED, WEDNESDAY, idle, report
from tests.trading.story import MONDAY, make_bot
from trading import clock
from trading.models import LiveSet
from trading.parameters import instance_for, promote
from trading.parameters.errors import Refused
from trading.parameters.freeze import freeze
from trading.strategies import get
from trading.strategies.engine.walk import version_of

pytestmark = pytest.mark.django_db
State = Recommendation.State
NAME = "rsi_momentum_strength"


def live(instance):
    return LiveSet.objects.get(strategy_instance=instance).parameter_set


def proposed(found: Report) -> Recommendation:
    [one] = [one for one in found.recommendations if NAME in one["changes"]]
    return Recommendation.objects.get(pk=one["id"])


def test_the_filter_that_holds_trades_back_is_to_be_loosened_to_the_nearest_value_that_trades():
    instance = idle()
    one = proposed(report(instance.bot))
    old, new = one.changes[NAME]
    assert old == 50.0 and new < old
    assert one.sentence.startswith(f"Lower rsi_bb.{NAME} from 50 to ")
    run = Run.objects.get(pk=one.evidence[0]["run"])
    points = {value: trades for value, trades, *_ in run.summary["points"]}
    assert points[old] == 0 and points[new] >= 5 and one.effect["trades"] == points[new]
    nearer = [value for value in points if new < value < old]
    assert all(points[value] < 5 for value in nearer)
    assert "rsi" in one.evidence[1]["text"]


def test_the_same_is_proposed_once_however_many_days_it_holds_for():
    instance = idle()
    first = proposed(report(instance.bot, WEDNESDAY - DAY))
    second = proposed(report(instance.bot, WEDNESDAY))
    assert first.pk == second.pk and second.times == 2
    assert second.first_at < second.last_at
    again = report(instance.bot, WEDNESDAY, again=True)
    assert proposed(again).times == 2
    assert Recommendation.objects.filter(key=second.key).count() == 1


def test_a_dismissed_one_needs_a_reason_and_is_not_proposed_again_for_30_days():
    instance = idle()
    one = proposed(report(instance.bot, WEDNESDAY - DAY))
    with pytest.raises(Refused, match="Say what"):
        recommendations.dismiss(one, reason="  ")
    with clock.at(MONDAY + 2 * DAY):
        recommendations.dismiss(one, reason="It was tried last year", by="a person")
    one.refresh_from_db()
    assert (one.state, one.decided_by, one.reason) == (
        State.DISMISSED,
        "a person",
        "It was tried last year",
    )
    assert not [each for each in report(instance.bot).recommendations if each["id"] == one.pk]
    assert not Recommendation.objects.filter(key=one.key, state=State.OPEN).exists()
    with pytest.raises(Refused, match="decided before: dismissed"):
        recommendations.accept(one, reason="After all")


def test_what_no_report_comes_to_any_more_is_over():
    instance = idle()
    one = proposed(report(instance.bot))
    report(instance.bot, WEDNESDAY + 2 * DAY)
    one.refresh_from_db()
    assert one.state == State.OPEN
    promote(instance=instance, values=EAGER, reason="Loose", origin="admin", live_from=MONDAY)
    report(instance.bot, WEDNESDAY + 7 * DAY)
    one.refresh_from_db()
    assert one.state == State.EXPIRED


def test_one_against_a_rollback_says_so_and_counts_for_less():
    instance = idle(EAGER)
    with clock.at(MONDAY):
        promote(instance=instance, values=MUTED, reason="Too many trades", origin="rollback")
    one = proposed(report(instance.bot))
    assert one.evidence[0]["text"] == (
        f"Contradicts a rollback: on 2025-03-03 {NAME} went back from 2.0 to 50.0 "
        "(Too many trades)."
    )
    assert one.confidence == "low" and one.rank < 80


def test_a_change_that_did_worse_is_to_be_taken_back():
    bot = make_bot()
    keep(bot, history.days(8, mean=0.6, sd=0.3))
    instance = instance_for(bot, "rsi_bb")
    start = MONDAY + 8 * DAY
    for values, at in (({}, MONDAY - DAY), ({"max_hold_minutes": 9}, start)):
        promote(instance=instance, values=values, reason="Tried", origin="admin", live_from=at)
    keep(bot, history.days(8, start=start, mean=-0.6, sd=0.3, first=900))
    found = report(bot, (start + 7 * DAY).date())
    first = found.recommendations[0]
    assert first["kind"] == "rollback" and first["changes"] == {"max_hold_minutes": [9.0, 3.0]}
    assert "fell by" in first["evidence"][0]["text"]


def test_until_there_are_enough_trades_one_entry_says_how_many_more_are_needed_and_when():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    promote(instance=instance, values={}, reason="Start", origin="admin", live_from=MONDAY - DAY)
    keep(bot, history.days(3, mean=0.1))
    [one] = report(bot, (MONDAY + 2 * DAY).date()).recommendations
    assert one["kind"] == "wait" and not one["changes"]
    assert one["sentence"] == ("No change recommended for rsi_bb: 7 more days with trades needed.")
    assert "24 trades" in one["evidence"][0]["text"]
    assert "on 3 days: trades of one day move together" in one["evidence"][0]["text"]
    keep(bot, history.days(12, start=MONDAY + 3 * DAY, mean=0.05, first=900))
    [later] = report(bot, (MONDAY + 14 * DAY).date()).recommendations
    assert re.fullmatch(
        r"No change recommended for rsi_bb: about [\d,]+ more trades needed "
        r"\(by 202\d-\d\d-\d\d at 8\.0 trades a day\)\.",
        later["sentence"],
    )
    assert later["id"] == one["id"] and later["standing"]


def test_a_standing_entry_is_one_row_for_ever_and_asks_for_no_decision():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    promote(instance=instance, values={}, reason="Start", origin="admin", live_from=MONDAY - DAY)
    keep(bot, history.days(12, mean=0.05))
    [first] = report(bot, MONDAY.date()).recommendations
    report(bot, (MONDAY + 9 * DAY).date())  # nothing was proposed for more than three days
    row = Recommendation.objects.get()
    assert row.pk == first["id"] and row.times == 2
    assert row.state == State.STANDING and not row.open
    with pytest.raises(Refused, match="nothing to decide"):
        recommendations.dismiss(row, reason="No")


def test_a_strategy_that_surely_loses_is_to_be_paused():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    promote(instance=instance, values={}, reason="Start", origin="admin", live_from=MONDAY - DAY)
    keep(bot, history.days(11, mean=-1.0, sd=0.5))
    [one] = report(bot, (MONDAY + 8 * DAY).date()).recommendations
    assert one["kind"] == "wait"  # nine days say too little, whatever they say
    [one] = report(bot, (MONDAY + 10 * DAY).date()).recommendations
    assert one["kind"] == "pause" and one["confidence"] == "high"


def test_nothing_is_proposed_against_values_that_nobody_knows():
    bot = make_bot()
    keep(bot, history.days(3))
    [one] = report(bot, (MONDAY + 2 * DAY).date()).recommendations
    assert one["sentence"].startswith("Parameters of rsi_bb unknown: import them")


def test_following_by_a_change_makes_the_values_live_and_keeps_the_others():
    instance = idle()
    one = proposed(report(instance.bot))
    with clock.at(MONDAY + 4 * DAY):
        apply.follow(one, how="change", reason="Worth a try", by="token sl_x")
    made = live(instance)
    assert made.values == {**get("rsi_bb").clean(MUTED), NAME: one.changes[NAME][1]}
    assert made.reason == f"Recommendation {one.pk}: Worth a try" and made.origin == "api"
    one.refresh_from_db()
    assert one.state == State.ACCEPTED
    result = track_record.result(one)
    assert (result.how, result.version, result.word) == ("change", made.version, track_record.OPEN)
    assert track_record.record([one]) == track_record.Record(1, 1, right=0, wrong=0)


def test_following_by_an_experiment_plans_it_and_changes_nothing_live():
    instance = idle()
    one = proposed(report(instance.bot))
    apply.follow(one, how="experiment", reason="Worth a try")
    [planned] = instance.experiments.all()
    assert planned.status == "planned" and planned.max_trades == apply.TRADES
    assert planned.arms.get(place=1).values[NAME] == one.changes[NAME][1]
    assert live(instance).version == 2


def test_what_the_door_refuses_is_not_accepted_either():
    instance = idle()
    one = proposed(report(instance.bot))
    freeze(bot=instance.bot, frozen=True, reason="Holidays")
    with pytest.raises(Refused):
        apply.follow(one, how="change", reason="Now")
    with pytest.raises(Refused, match="must be one of"):
        apply.follow(one, how="magic", reason="Now")
    one.refresh_from_db()
    assert one.state == State.OPEN and live(instance).version == 2


def test_one_that_was_followed_and_did_better_was_right():
    bot = make_bot()
    instance = instance_for(bot, "rsi_bb")
    promote(instance=instance, values={}, reason="Start", origin="admin", live_from=MONDAY - DAY)
    keep(bot, history.days(8, mean=-0.6, sd=0.3))
    start = MONDAY + 8 * DAY
    one = Recommendation.objects.create(
        bot=bot,
        instance=instance,
        mode="live",
        kind="parameter",
        key="k",
        sentence="Hold longer",
        changes={"max_hold_minutes": [3.0, 9.0]},
        first_at=start - DAY,
        last_at=start - DAY,
    )
    assert track_record.result(one) is None
    promote(
        instance=instance,
        values={"max_hold_minutes": 9},
        reason="As told",
        origin="admin",
        live_from=start,
    )
    keep(bot, history.days(8, start=start, mean=0.6, sd=0.3, first=900))
    assert track_record.result(one).word == track_record.RIGHT
    assert track_record.record([one]).right == 1


def test_a_strategy_whose_rules_trade_where_the_bot_does_not_is_to_be_looked_at():
    instance = idle(EAGER)
    [one] = report(instance.bot).recommendations
    assert one["sentence"].startswith("Check that the bot runs rsi_bb")


def test_rollbacks_are_found_in_their_time_only():
    instance = idle(EAGER)
    with clock.at(MONDAY):
        promote(instance=instance, values=MUTED, reason="Back", origin="rollback")
    span = MONDAY - DAY, MONDAY + DAY
    found = reports.taken_back(instance, *span)
    assert [(name, old, new) for name, old, new, *_ in found] == [(NAME, 2.0, 50.0)]
    assert reports.taken_back(instance, MONDAY + timedelta(hours=1), span[1]) == []
    assert reports.taken_back(instance, span[0] - DAY, span[0]) == []


def test_at_most_three_are_proposed_of_a_strategy_and_the_weightiest_come_first():
    instance = idle()
    found = report(instance.bot, date(2025, 3, 5))
    ranks = [Recommendation.objects.get(pk=one["id"]).rank for one in found.recommendations]
    assert len(ranks) <= 3 and ranks == sorted(ranks, reverse=True)


def compared(instance, verdict: str, *reasons: str) -> None:
    """A comparison of its replays with its trades that came to a verdict."""
    Run.objects.create(
        kind=Run.Kind.FIDELITY,
        state=Run.State.DONE,
        strategy="rsi_bb",
        market=MARKET,
        interval=60,
        bot=instance.bot,
        instance=instance,
        metrics={},
        ended_at=MONDAY + 2 * DAY,
        code_version=version_of(get("rsi_bb")),
        summary={"fidelity": {"verdict": verdict, "reasons": list(reasons)}},
    )


def test_what_rests_on_replays_that_are_not_trusted_says_so_and_counts_for_less():
    instance = idle()
    before = proposed(report(instance.bot))
    assert "Backtest accuracy is not known." in before.evidence[-1]["text"]
    compared(instance, trust.DOUBT, "Most of its trades are missing.")
    after = proposed(report(instance.bot, again=True))
    assert after.evidence[0]["text"] == (
        "Backtests of rsi_bb are not reliable: Most of its trades are missing."
    )
    assert after.confidence == "low" and after.rank == before.rank - 30
    compared(instance, trust.TRUST)
    assert not [
        each
        for each in proposed(report(instance.bot, again=True)).evidence
        if "accuracy" in each["text"] or "reliable" in each["text"]
    ]


def test_a_bot_that_stopped_trading_is_to_be_looked_at_and_no_filter_blamed():
    instance = idle()
    keep(instance.bot, history.days(1, start=MONDAY - 9 * DAY, parameter_set=2))
    [one] = report(instance.bot).recommendations
    assert one["kind"] == "check" and "it stopped trading" in one["sentence"]
    assert "The bot reported 8 trades in the last 30 days" in one["evidence"][0]["text"]
    run = Run.objects.get(pk=one["evidence"][0]["run"])
    assert run.metrics["trades"] == 0


def test_what_is_said_of_a_proposal_is_what_its_replay_shows():
    instance = idle(bot=make_bot("Theo"))
    one = proposed(report(instance.bot))
    [(_, (_, new))] = one.changes.items()
    run = Run.objects.get(pk=one.evidence[0]["run"])
    [total] = [total for value, _, total, *_ in run.summary["points"] if value == new]
    assert f"({total:+.2f}% after assumed costs)" in one.evidence[0]["text"]
    assert (
        "of the last 3 days of candles" in one.evidence[0]["text"]
        or "2 days" in (one.evidence[0]["text"])
    )


def test_a_report_of_a_time_past_asks_for_nothing_today():
    instance = idle()
    report(instance.bot, WEDNESDAY + 2 * DAY)
    before = set(Recommendation.objects.filter(state=State.OPEN).values_list("pk", flat=True))
    old = report(instance.bot, WEDNESDAY)
    assert old.recommendations
    now = set(Recommendation.objects.filter(state=State.OPEN).values_list("pk", flat=True))
    assert now == before
    rows = Recommendation.objects.filter(pk__in=[one["id"] for one in old.recommendations])
    assert {row.state for row in rows} <= {State.EXPIRED, State.OPEN}


def test_nothing_is_reported_of_days_before_anything_is_known():
    bot = make_bot()
    keep(bot, history.days(1))
    with pytest.raises(ValueError, match="Mara has no data before 2025-03-03"):
        report(bot, date(2010, 1, 1))


def test_what_is_not_proposed_any_more_when_a_report_is_written_anew_is_over():
    bot = make_bot()
    keep(bot, history.days(3))
    [one] = report(bot, (MONDAY + 2 * DAY).date()).recommendations
    assert one["sentence"].startswith("Parameters of rsi_bb unknown")
    promote(
        instance=instance_for(bot, "rsi_bb"),
        values={},
        reason="Known",
        origin="import",
        live_from=MONDAY - DAY,
    )
    report(bot, (MONDAY + 2 * DAY).date(), again=True)
    assert Recommendation.objects.get(pk=one["id"]).state == State.EXPIRED
