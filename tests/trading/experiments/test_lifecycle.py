"""The life of an experiment: what it tells, whose trades are whose, how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError

from tests.trading import story
from tests.trading.story import MONDAY, make_bot
from trading import clock, experiments, parameters
from trading.assignment import plans
from trading.experiments import design, results
from trading.experiments.design import Arm, Ends
from trading.ingest import store_trades
from trading.models import ArmBlock, Bot, Experiment, LivePeriod, Origin, ParameterSet, Trade
from trading.parameters import Refused, freeze, instance_for, served
from trading.parameters.errors import Experimenting, Frozen

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
START = MONDAY + 24 * HOUR


@pytest.fixture
def instance():
    with clock.at(MONDAY):
        return instance_for(make_bot(), "rsi_bb")


def plan(instance, *arms, at=MONDAY, **given):
    arms = arms or (Arm("B", {"stop_loss_bps": 6.0}),)
    known = {"name": "stop_6", "reason": "Room for the stop", "seed": 7, "block_seconds": 3_600}
    with clock.at(at):
        return design.create(instance=instance, arms=arms, **(known | given))


def begin(experiment, at=START):
    with clock.at(at):
        return experiments.start(experiment=experiment)


def running(instance, **given):
    return begin(plan(instance, **given))


def ask(instance, at):
    with clock.at(at):
        return served.for_strategy(instance.bot, instance.name)


def send(bot, *trades, at=START + 400 * HOUR):
    with clock.at(at):
        return store_trades(bot, list(trades))


def trade(number, entry, **given):
    times = {"entry_time": entry.isoformat(), "exit_time": (entry + HOUR / 4).isoformat()}
    return story.trade(id=f"t{number}", strategy="rsi_bb", **times, **given)


def test_a_plan_tells_nothing_and_makes_no_version(instance):
    experiment = plan(instance)
    assert experiment.status == Experiment.Status.PLANNED
    assert [(arm.name, arm.share) for arm in experiment.arms.all()] == [("control", 1), ("B", 1)]
    assert ParameterSet.objects.count() == 1
    answer = ask(instance, START)
    assert (answer.version, answer.experiment) == (1, None)
    assert (answer.arm, answer.valid_until) == (None, None)


def test_a_started_experiment_tells_its_arms_by_turns_and_leaves_the_live_set_alone(instance):
    experiment = running(instance)
    answers = [ask(instance, START + hour * HOUR + HOUR / 2) for hour in range(40)]
    assert {answer.experiment for answer in answers} == {"stop_6"}
    arms = [answer.arm for answer in answers]
    assert sorted(set(arms)) == ["B", "control"] and arms.count("B") == 20
    for hour, answer in enumerate(answers):
        assert answer.valid_until == clock.to_text(START + (hour + 1) * HOUR)
        assert answer.values["stop_loss_bps"] == (6.0 if answer.arm == "B" else 4.0)
    versions = {arm.name: arm.parameter_set.version for arm in experiment.arms.all()}
    assert {(answer.arm, answer.version) for answer in answers} == set(versions.items())
    instance.refresh_from_db()
    assert instance.live.parameter_set.version == 1 and LivePeriod.objects.count() == 1


def test_the_log_holds_every_block_in_which_the_bot_asked(instance):
    experiment = running(instance)
    arms = {}
    for hour in (0, 0.2, 3, 7.9):
        arms[int(hour)] = ask(instance, START + hour * HOUR).arm
    rows = list(experiment.blocks.select_related("arm"))
    assert [(row.number, row.arm.name) for row in rows] == list(arms.items())
    assert rows[1].starts_at == START + 3 * HOUR and rows[1].ends_at == START + 4 * HOUR
    assert rows[2].served_at == START + 7.9 * HOUR


def test_what_is_told_changes_its_entity_tag_with_the_block(instance):
    running(instance)
    tags = []
    for hour in (0.1, 0.9, 1.1):
        with clock.at(START + hour * HOUR):
            tags.append(served.etag(served.for_strategy(instance.bot, "rsi_bb")))
    assert tags[0] == tags[1] != tags[2]


def test_trades_belong_to_the_arm_that_was_told_at_their_entry(instance):
    experiment = running(instance)
    entries = [START + hour * HOUR + HOUR / 2 for hour in range(24)]
    arms = [ask(instance, entry).arm for entry in entries]
    send(instance.bot, *(trade(at, entry) for at, entry in enumerate(entries)))
    made = dict(Trade.objects.values_list("external_id", "parameter_set__version"))
    versions = {arm.name: arm.parameter_set.version for arm in experiment.arms.all()}
    assert [made[f"t{at}"] for at in range(24)] == [versions[arm] for arm in arms]
    found = results.results(experiment)
    assert [one.trades for one in found] == [arms.count("control"), arms.count("B")]


def test_a_trade_alone_is_attributed_like_one_of_a_batch(instance):
    experiment = running(instance)
    send(instance.bot, trade(0, MONDAY))
    for hour in range(12):
        entry = START + hour * HOUR + HOUR / 2
        arm = ask(instance, entry).arm
        send(instance.bot, trade(f"one{hour}", entry))
        stored = Trade.objects.get(external_id=f"tone{hour}")
        assert stored.parameter_set == experiment.arms.get(name=arm).parameter_set


def test_a_bot_that_reports_its_version_is_believed(instance):
    experiment = running(instance)
    version = experiment.arms.get(name="B").parameter_set.version
    entries = [START + hour * HOUR for hour in range(6)]
    send(
        instance.bot, *(trade(at, entry, parameter_set=version) for at, entry in enumerate(entries))
    )
    assert [one.trades for one in results.results(experiment)] == [0, 6]


def test_trades_from_before_and_after_are_no_trades_of_the_experiment(instance):
    experiment = running(instance, ends=Ends(max_days=2))
    entries = [START - HOUR, START, START + 47 * HOUR, START + 48 * HOUR]
    send(instance.bot, *(trade(at, entry) for at, entry in enumerate(entries)))
    assert sum(one.trades for one in results.results(experiment)) == 2
    made = dict(Trade.objects.values_list("external_id", "parameter_set__version"))
    assert (made["t0"], made["t3"]) == (1, 1)


def test_an_experiment_ends_when_its_days_are_over_though_nobody_looked(instance):
    experiment = running(instance, ends=Ends(max_days=1.5))
    last = ask(instance, START + 35.5 * HOUR)
    assert last.valid_until == clock.to_text(START + 36 * HOUR)
    answer = ask(instance, START + 36 * HOUR)
    assert (answer.version, answer.experiment, answer.arm) == (1, None, None)
    assert results.watch(START + 35 * HOUR)["events"] == []
    with clock.at(START + 50 * HOUR):
        [event] = results.watch(START + 50 * HOUR)["events"]
    experiment.refresh_from_db()
    assert (experiment.status, experiment.ended_at) == ("completed", START + 36 * HOUR)
    assert (
        event["experiment"] == "stop_6" and event["reason"] == "Planned length of 1.5 days reached"
    )
    assert results.watch(START + 51 * HOUR) == {"experiments": 0, "events": []}


def test_an_experiment_ends_with_the_last_of_its_trades(instance):
    experiment = running(instance, ends=Ends(max_trades=5))
    entries = [START + hour * HOUR for hour in range(8)]
    send(instance.bot, *(trade(at, entry) for at, entry in enumerate(entries[:4])))
    assert results.watch(START + 8 * HOUR)["events"] == []
    send(instance.bot, *(trade(at + 4, entry) for at, entry in enumerate(entries[4:])))
    results.watch(START + 9 * HOUR)
    experiment.refresh_from_db()
    assert (experiment.status, experiment.ended_at) == ("completed", START + 4.25 * HOUR)
    # The three entered after that were told an arm, but are counted under what was live again.
    assert sum(one.trades for one in results.results(experiment)) == 5
    assert Trade.objects.filter(parameter_set__version=1).count() == 3


@pytest.mark.parametrize(
    ("ends", "said"),
    [(Ends(max_loss_pct=3.0), "loss of B"), (Ends(max_drawdown_pct=3.0), "drawdown of B")],
)
def test_a_guardrail_stops_it(instance, ends, said):
    experiment = running(instance, ends=ends)
    version = experiment.arms.get(name="B").parameter_set.version
    losing = {"parameter_set": version, "exit_price": 98, "pnl_pct": -2.0}
    send(instance.bot, trade(0, START, **losing))
    assert results.watch(START + 2 * HOUR)["events"] == []
    send(instance.bot, trade(1, START + HOUR, **losing))
    with clock.at(START + 3 * HOUR):
        results.watch(START + 3 * HOUR)
    experiment.refresh_from_db()
    assert (experiment.status, experiment.ended_at) == ("stopped", START + 3 * HOUR)
    assert experiment.end_reason.startswith("Guardrail: ") and said in experiment.end_reason


def test_losses_of_the_control_are_no_guardrail(instance):
    experiment = running(instance, ends=Ends(max_loss_pct=1.0))
    version = experiment.arms.get(name="control").parameter_set.version
    send(instance.bot, trade(0, START, parameter_set=version, exit_price=90, pnl_pct=-10.0))
    assert results.watch(START + 2 * HOUR)["events"] == []


def test_it_is_stopped_by_hand_with_a_reason(instance):
    experiment = running(instance)
    with pytest.raises(Refused, match="reason"):
        experiments.end(experiment=experiment, reason=" ")
    with clock.at(START + 5 * HOUR):
        experiments.end(experiment=experiment, reason="A mistake", by="mara")
    assert (experiment.status, experiment.ended_by) == ("stopped", "mara")
    assert ask(instance, START + 5 * HOUR).experiment is None
    with pytest.raises(Refused, match="over already"):
        experiments.end(experiment=experiment, reason="Again")


def test_a_plan_that_is_given_up_never_starts(instance):
    experiment = plan(instance)
    experiments.end(experiment=experiment, reason="Not worth it")
    with pytest.raises(Refused, match="started already"):
        begin(experiment)


def test_an_instance_runs_one_experiment_at_a_time(instance):
    running(instance)
    other = plan(instance, Arm("C", {"rsi_period": 21}), name="rsi_21")
    with pytest.raises(Refused, match="runs the experiment stop_6 since 2025-03-04 00:00 UTC"):
        begin(other)
    with pytest.raises(IntegrityError):
        Experiment.objects.filter(pk=other.pk).update(status="active", started_at=START)


def test_while_it_runs_the_live_parameters_are_left_alone(instance):
    running(instance)
    with clock.at(START + HOUR), pytest.raises(Experimenting, match="runs the experiment stop_6"):
        parameters.promote(instance=instance, values={}, reason="No", origin=Origin.ADMIN)
    with clock.at(START + HOUR), pytest.raises(Experimenting):
        parameters.roll_back(instance=instance, to=1, reason="No")


def test_frozen_parameters_start_no_experiment_and_may_end_one(instance):
    experiment = plan(instance)
    freeze.freeze(bot=instance.bot, frozen=True, reason="Holiday")
    with pytest.raises(Frozen):
        begin(experiment)
    assert ParameterSet.objects.count() == 1
    freeze.freeze(bot=instance.bot, frozen=False, reason="Back")
    begin(experiment)
    freeze.freeze(bot=instance.bot, frozen=True, reason="Holiday")
    experiments.end(experiment=experiment, reason="Calm")


def test_promoting_an_arm_ends_it_and_makes_its_values_live(instance):
    owner = get_user_model().objects.create_user("mara")
    experiment = running(instance)
    arm = experiment.arms.get(name="B")
    with clock.at(START + 5 * HOUR):
        made = experiments.promote(experiment=experiment, arm=arm, reason="Better", author=owner)
    assert made.values == arm.values and made.origin == Origin.EXPERIMENT
    assert made.reason == "B of the experiment stop_6: Better"
    experiment.refresh_from_db()
    assert (experiment.status, experiment.decision) == ("stopped", "promoted")
    assert experiment.promoted == made
    instance.refresh_from_db()
    assert (instance.live.parameter_set, instance.experiment) == (made, "")
    with pytest.raises(Refused, match="was decided"):
        experiments.keep(experiment=experiment, reason="No")


def test_what_a_promoted_arm_makes_later_is_no_result_of_the_experiment(instance):
    experiment = running(instance)
    with clock.at(START + 5 * HOUR):
        experiments.promote(experiment=experiment, arm=experiment.arms.get(name="B"), reason="Yes")
    send(instance.bot, trade(0, START + 9 * HOUR))
    assert sum(one.trades for one in results.results(experiment)) == 0


def test_keeping_the_control_changes_no_parameter(instance):
    experiment = running(instance)
    with clock.at(START + 5 * HOUR):
        experiments.keep(experiment=experiment, reason="No difference")
    experiment.refresh_from_db()
    assert (experiment.status, experiment.decision) == ("stopped", "kept")
    instance.refresh_from_db()
    assert instance.live.parameter_set.version == 1


def test_the_control_cannot_be_promoted_and_a_plan_cannot_be_decided(instance):
    experiment = plan(instance)
    for arm, said in (("control", "other than the control"), ("B", "was not started")):
        with pytest.raises(Refused, match=said):
            experiments.promote(
                experiment=experiment, arm=experiment.arms.get(name=arm), reason="Yes"
            )


def test_before_and_after_tells_the_candidate_and_looks_back_at_what_was_live(instance):
    before = [START - day * 24 * HOUR for day in (40, 0.5, 0.2)]
    send(instance.bot, *(trade(at, entry) for at, entry in enumerate(before)), at=START)
    experiment = running(instance, design="before_after", ends=Ends(max_trades=2))
    answers = [ask(instance, START + hour * HOUR) for hour in (0, 5, 9)]
    assert {(answer.arm, answer.valid_until) for answer in answers} == {("B", None)}
    send(instance.bot, *(trade(10 + at, START + at * HOUR) for at in range(2)))
    assert [one.trades for one in results.results(experiment)] == [2, 2]
    assert results.due(experiment, START + 9 * HOUR).reason == "Planned length of 2 trades reached"


def test_results_as_of_a_moment_hold_nothing_later(instance):
    experiment = running(instance)
    send(instance.bot, *(trade(at, START + at * HOUR) for at in range(10)))
    found = results.results(experiment, START + 5 * HOUR)
    assert sum(one.trades for one in found) == 5


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"reason": ""}, "reason"),
        ({"design": "no"}, "design"),
        ({"block_seconds": 59}, "block_seconds"),
        ({"before_days": 0}, "before_days"),
        ({"control_share": 0}, "shares"),
        ({"control_share": 97}, "shares"),
        ({"ends": Ends(max_trades=1)}, "max_trades"),
        ({"ends": Ends(max_days=float("nan"))}, "max_days"),
        ({"ends": Ends(max_loss_pct=-1.0)}, "max_loss_pct"),
        ({"arms": ()}, "arms"),
        ({"arms": (Arm("control", {"rsi_period": 9}),)}, "arms"),
        ({"arms": (Arm("B", {}),)}, "arms"),
        ({"arms": (Arm("B", version=1),)}, "arms"),
        ({"arms": (Arm("B", version=9),)}, "arms"),
        ({"arms": (Arm("B", {"rsi_period": 9}), Arm("C", {"rsi_period": 9}))}, "arms"),
        ({"arms": (Arm("B", {"rsi_period": 0}),)}, "rsi_period"),
        ({"arms": (Arm("B", {"nonsense": 0}),)}, "nonsense"),
        ({"arms": tuple(Arm(f"a{at}", {"rsi_period": 9 + at}) for at in range(6))}, "arms"),
        (
            {
                "design": "before_after",
                "arms": (Arm("B", {"rsi_period": 9}), Arm("C", {"rsi_period": 8})),
            },
            "arms",
        ),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_by_field_and_stores_nothing(instance, given, field):
    known = {
        "name": "stop_6",
        "reason": "Room",
        "arms": (Arm("B", {"stop_loss_bps": 6.0}),),
    } | given
    with pytest.raises(Refused) as refusal:
        design.create(instance=instance, **known)
    assert set(refusal.value.errors) == {field}
    assert not Experiment.objects.exists()


def test_a_name_is_used_once_per_strategy(instance):
    plan(instance)
    with pytest.raises(Refused, match="of this name already"):
        plan(instance)
    plan(instance_for(make_bot("Juno"), "rsi_bb"))


def test_the_control_is_what_is_live_at_the_start(instance):
    experiment = plan(instance)
    with clock.at(MONDAY + HOUR):
        parameters.promote(
            instance=instance, values={"rsi_period": 21}, reason="Slower", origin=Origin.ADMIN
        )
    begin(experiment)
    assert experiment.arms.get(name="control").values["rsi_period"] == 21
    other = plan(instance, Arm("B", {"stop_loss_bps": 6.0}), name="other")
    experiments.end(experiment=experiment, reason="Enough")
    with clock.at(START + HOUR):
        parameters.promote(
            instance=instance,
            values=other.arms.get(name="B").values,
            reason="Just so",
            origin=Origin.ADMIN,
        )
    with pytest.raises(Refused, match="same values as control"):
        begin(other, START + 2 * HOUR)


def test_blocks_last_four_times_as_long_as_a_trade_at_most(instance):
    assert design.usual_block(instance) == 3_600
    with clock.at(MONDAY + HOUR):
        parameters.promote(
            instance=instance, values={"max_hold_minutes": 100}, reason="x", origin=Origin.ADMIN
        )
    assert design.usual_block(instance) == 7 * 3_600


def test_a_deleted_bot_takes_its_experiments_along(instance):
    experiment = running(instance)
    ask(instance, START)
    with clock.at(START + HOUR):
        experiments.promote(experiment=experiment, arm=experiment.arms.get(name="B"), reason="Yes")
    Bot.objects.get().delete()
    assert not Experiment.objects.exists() and not ArmBlock.objects.exists()


def test_the_plan_that_is_stored_is_the_plan_that_is_told(instance):
    experiment = running(instance)
    found, arms = plans.of(experiment, list(experiment.arms.order_by("place")))
    for hour in range(30):
        at = START + hour * HOUR
        assert arms[found.arm_at(clock.to_micros(at))].name == ask(instance, at).arm
