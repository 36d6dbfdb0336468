"""Experiments in the admin: planned, started, looked at, ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from tests.trading.admin.conftest import START
from trading import clock, experiments, ingest, parameters
from trading.assignment import current_arm
from trading.experiments import design
from trading.experiments.design import Arm, Ends
from trading.ingest.trade_schema import TradeIn
from trading.models import Experiment, LiveSet, Origin
from trading.parameters import instance_for

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def instance(bot):
    with clock.at(START):
        return instance_for(bot, "rsi_bb")


def plan(instance, **given):
    known = {
        "name": "wider",
        "reason": "More room",
        "seed": 3,
        "block_seconds": 3_600,
        "arms": [Arm("B", {"stop_loss_bps": 6.0})],
        "ends": Ends(max_trades=5_000),
    }
    with clock.at(START):
        return design.create(instance=instance, **(known | given))


def trade_for(bot, experiment, count, mean=0.0):
    """Trades in each hour since the start, by turns a little better and worse than their mean."""
    with clock.at(START):
        experiments.start(experiment=experiment)
    versions = [arm.parameter_set.version for arm in experiment.arms.order_by("place")]
    rows = []
    for number in range(count):
        at = START + timedelta(minutes=3 * number)
        place = number % len(versions)
        r = (number * 7 % 11 - 5) / 50 + mean * place
        rows.append(
            TradeIn(
                external_id=f"e{number}",
                strategy="rsi_bb",
                market="BTC/USDT",
                side="long",
                entry_price=100,
                exit_price=round(100 + r, 6),
                size=1,
                parameter_set=versions[place],
                entry_time=at.timestamp(),
                exit_time=(at + HOUR / 60).timestamp(),
                exit_reason="take_profit" if r > 0 else "stop_loss",
            )
        )
    ingest.store_trades(bot, rows)


def page(client, experiment):
    answer = client.get(reverse("admin:trading_experiment_change", args=[experiment.pk]))
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


FORM = {
    "plan-name": "stop_6",
    "plan-design": "ab",
    "plan-control_share": "1",
    "plan-block_minutes": "60",
    "plan-before_days": "30",
    "plan-max_trades": "200",
    "plan-reason": "More room",
}


def form(instance, **changes):
    made = instance.live.parameter_set
    values = {name: str(value) for name, value in made.values.items() if value is not False}
    values = {name: "on" if text == "True" else text for name, text in values.items()}
    return FORM | values | {"seen_version": made.version} | changes


def new(client, instance, **changes):
    address = reverse("admin:trading_strategyinstance_new_experiment", args=[instance.pk])
    return client.post(address, form(instance, **changes), follow=True)


def test_an_experiment_is_planned_and_started_in_a_form(admin_client, instance):
    answer = new(admin_client, instance, stop_loss_bps="6", start="yes")
    experiment = Experiment.objects.get()
    assert (experiment.name, experiment.status, experiment.max_trades) == ("stop_6", "active", 200)
    assert experiment.arms.get(name="B").values["stop_loss_bps"] == 6.0
    assert experiment.author.username == "admin"
    text = " ".join(answer.content.decode().split())
    assert "Experiment started: stop_6." in text
    assert "ends after 200 trades (0 so far)" in text


def test_a_plan_waits_and_starts_on_its_page(admin_client, instance):
    new(admin_client, instance, stop_loss_bps="6")
    experiment = Experiment.objects.get()
    assert experiment.status == "planned" and "Start now" in page(admin_client, experiment)
    admin_client.post(reverse("admin:trading_experiment_start", args=[experiment.pk]))
    experiment.refresh_from_db()
    assert experiment.status == "active"


def test_earlier_versions_are_further_arms(admin_client, instance):
    with clock.at(START + HOUR):
        parameters.promote(
            instance=instance, values={"rsi_period": 9}, reason="Faster", origin=Origin.ADMIN
        )
    instance.refresh_from_db()
    new(admin_client, instance, **{"plan-versions": ["1"]})
    arms = {arm.name: arm.values["rsi_period"] for arm in Experiment.objects.get().arms.all()}
    assert arms == {"control": 9, "v1": 14}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "Change a value or select an earlier version"),
        ({"stop_loss_bps": "-1"}, "Must"),
        ({"stop_loss_bps": "6", "plan-name": ""}, "This field is required"),
        ({"stop_loss_bps": "6", "plan-reason": ""}, "Enter what changes and why"),
        ({"stop_loss_bps": "6", "plan-block_minutes": "0"}, "greater than or equal to 1"),
        ({"stop_loss_bps": "6", "plan-max_days": "x"}, "Enter a number"),
    ],
)
def test_a_plan_that_makes_no_sense_is_told_at_its_field(admin_client, instance, changes, text):
    answer = new(admin_client, instance, **changes)
    assert (
        "Please correct the highlighted fields" in answer.content.decode()
        and text in answer.content.decode()
    )
    assert not Experiment.objects.exists()


def test_a_strategy_lists_its_experiments_and_says_what_one_is(admin_client, instance):
    address = reverse("admin:trading_strategyinstance_experiments", args=[instance.pk])
    assert "No experiment yet" in admin_client.get(address).content.decode()
    plan(instance)
    assert "wider" in admin_client.get(address).content.decode()


def test_without_trades_nothing_is_claimed(admin_client, instance):
    experiment = plan(instance)
    assert "No arm has a closed trade yet" in page(admin_client, experiment)
    experiments.start(experiment=experiment)
    text = page(admin_client, experiment)
    assert "Not enough data: 0 and 0 trades." in text
    assert "The bot has not requested its parameters since the start." in text


def test_five_trades_are_shown_and_nothing_is_claimed(admin_client, bot, instance):
    experiment = plan(instance)
    trade_for(bot, experiment, 5, mean=3.0)
    text = page(admin_client, experiment)
    assert "No result yet: 3 and 2 trades." in text
    assert "is better" not in text and "2 of 2" not in text


def finished(bot, instance, count, mean):
    experiment = plan(instance)
    trade_for(bot, experiment, count, mean)
    with clock.at(START + 300 * HOUR):
        experiments.end(
            experiment=experiment,
            reason="Its 5,000 trades are made",
            status="completed",
            at=START + 260 * HOUR,
        )
    return experiment


def test_a_clear_difference_of_a_finished_one_is_claimed_with_its_interval(
    admin_client, bot, instance
):
    text = page(admin_client, finished(bot, instance, 5_000, mean=0.05))
    assert "B is better.</strong>" in text
    assert "B was 0.050 percentage points better than the control&#x27;s" in text
    assert "2,500" in text and "Take profit" in text


def test_a_clear_difference_of_a_running_or_stopped_one_is_not(admin_client, bot, instance):
    experiment = plan(instance)
    trade_for(bot, experiment, 5_000, mean=0.05)
    text = page(admin_client, experiment)
    assert "B is better" not in text and "The result counts at the planned end" in text
    experiments.end(experiment=experiment, reason="Enough")
    text = page(admin_client, experiment)
    assert "B is better" not in text and "decides nothing" in text


def test_what_chance_explains_is_no_difference(admin_client, bot, instance):
    text = page(admin_client, finished(bot, instance, 3_000, mean=0.0))
    assert (
        "Not statistically significant: 1,500 and 1,500 trades" in text and "is better" not in text
    )


def test_an_arm_goes_live_with_a_reason(admin_client, instance):
    experiment = plan(instance)
    experiments.start(experiment=experiment)
    address = reverse("admin:trading_experiment_promote", args=[experiment.pk])
    arm = experiment.arms.get(name="B")
    again = admin_client.post(address, {"arm": arm.pk, "reason": ""})
    assert "Enter what changes and why" in again.content.decode()
    done = admin_client.post(address, {"arm": arm.pk, "reason": "Better"}, follow=True)
    assert "with the values of B" in done.content.decode()
    assert LiveSet.objects.get().parameter_set.values["stop_loss_bps"] == 6.0
    story = admin_client.get(reverse("admin:trading_strategyinstance_history", args=[instance.pk]))
    text = story.content.decode()
    assert "B of the experiment wider: Better" in text
    assert "Used only in an experiment." in text
    assert text.count(f"/admin/trading/experiment/{experiment.pk}/change/") == 3


@pytest.mark.parametrize(("step", "status"), [("stop", ""), ("keep", "kept")])
def test_it_is_stopped_or_the_control_kept(admin_client, instance, step, status):
    experiment = plan(instance)
    experiments.start(experiment=experiment)
    address = reverse(f"admin:trading_experiment_{step}", args=[experiment.pk])
    admin_client.post(address, {"reason": "No difference"})
    experiment.refresh_from_db()
    assert (experiment.status, experiment.decision) == ("stopped", status)
    again = admin_client.post(address, {"reason": "No difference"}, follow=True)
    assert "already" in again.content.decode() or "was decided" in again.content.decode()


def test_while_it_runs_the_parameters_page_says_why_nothing_changes(admin_client, instance):
    experiment = plan(instance)
    experiments.start(experiment=experiment)
    address = reverse("admin:trading_strategyinstance_change", args=[instance.pk])
    text = admin_client.get(address).content.decode()
    assert "It compares the live values with others" in text and "Review change" not in text


def test_experiments_stand_side_by_side(admin_client, bot, instance):
    first, second = plan(instance), plan(instance, name="other")
    trade_for(bot, first, 50)
    address = reverse("admin:trading_experiment_compare")
    text = admin_client.get(f"{address}?ids={first.pk},{second.pk}").content.decode()
    assert "wider: Control" in text and "other: B" in text
    ticked = admin_client.get(f"{address}?ids={first.pk}&ids={second.pk}").content.decode()
    assert "wider: Control" in ticked and "other: B" in ticked
    assert admin_client.get(f"{address}?ids=x,99999999999999999999").status_code == 200
    assert "Choose experiments" in admin_client.get(address).content.decode()


def test_chosen_rows_of_the_list_are_compared(admin_client, instance):
    first, second = plan(instance), plan(instance, name="other")
    listed = reverse("admin:trading_experiment_changelist")
    assert "wider" in admin_client.get(listed).content.decode()
    answer = admin_client.post(
        listed, {"action": "side_by_side", "_selected_action": [first.pk, second.pk]}
    )
    assert answer.status_code == 302 and "compare" in answer["Location"]


def test_the_arms_are_downloaded(admin_client, bot, instance):
    experiment = plan(instance)
    trade_for(bot, experiment, 50)
    answer = admin_client.get(reverse("admin:trading_experiment_csv", args=[experiment.pk]))
    lines = answer.getvalue().decode().splitlines()
    assert len(lines) == 3 and lines[1].startswith("wider,alpha,rsi_bb,ab,active")


def test_a_bot_that_stops_asking_with_one_arm_is_noticed(admin_client, bot, instance):
    experiment = plan(instance)
    with clock.at(START):
        experiments.start(experiment=experiment)
    for hour in range(100):
        at = START + hour * HOUR + HOUR / 2
        with clock.at(at):
            if current_arm.now(instance).arm.name == "B" and hour > 20:
                experiment.blocks.filter(number=hour).delete()
    with clock.at(START + 100 * HOUR):
        text = page(admin_client, experiment)
    assert "The bot did not ask for parameters equally often in the blocks of all arms" in text


def test_only_who_may_change_parameters_starts_and_ends(client, instance):
    experiment = plan(instance)
    viewer = User.objects.create_user("viewer", password="x", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_experiment"))
    client.force_login(viewer)
    assert "Next steps" not in page(client, experiment)
    for step in ("start", "stop", "keep", "promote"):
        address = reverse(f"admin:trading_experiment_{step}", args=[experiment.pk])
        assert client.post(address, {"reason": "x"}).status_code == 403
    assert new(client, instance, stop_loss_bps="6").status_code == 403


def test_what_bots_and_people_wrote_is_inert(admin_client, instance):
    hostile = "<script>alert(1)</script>"
    experiment = plan(
        instance,
        name=hostile,
        reason=hostile,
        notes=hostile,
        arms=[Arm(hostile, {"rsi_period": 9})],
    )
    for address in (
        reverse("admin:trading_experiment_change", args=[experiment.pk]),
        reverse("admin:trading_experiment_changelist"),
        reverse("admin:trading_experiment_compare") + f"?ids={experiment.pk}",
        reverse("admin:trading_strategyinstance_experiments", args=[instance.pk]),
    ):
        assert hostile not in admin_client.get(address).content.decode()
