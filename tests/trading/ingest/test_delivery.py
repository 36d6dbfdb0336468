"""Trades that arrive in any order, again, late, corrected, and from two sides at once."""

from __future__ import annotations

import threading
from itertools import count, pairwise

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.trading.rollups.test_windows import START, check_windows
from tests.trading.story import (
    MONDAY_SECONDS,
    NOW,
    correction,
    make_bot,
    rebuilt,
    stored,
    sums,
    trade,
    two_sets,
    week,
)
from trading import clock
from trading.ingest import store_trades
from trading.models import Bot, Trade
from trading.rollups import rebuild


def delivered(trades, cuts, repeats, order) -> list[list]:
    """Batches of the trades, some sent again, in another order."""
    bounds = sorted({0, len(trades), *cuts})
    batches = [trades[a:b] for a, b in pairwise(bounds)]
    batches += [batches[n % len(batches)] for n in repeats]
    order.shuffle(batches)
    return batches


class AnyDelivery(TestCase):
    @settings(max_examples=8, deadline=None)
    @given(
        st.integers(0, 3),
        st.lists(st.integers(1, 49), max_size=6),
        st.lists(st.integers(0, 9), max_size=4),
        st.randoms(use_true_random=False),
    )
    def test_any_batches_order_and_repeats_give_the_same_rows_and_rollup_bytes(
        self, seed, cuts, repeats, order
    ):
        trades = [
            correction(one, 0, context={"mae_pct": n} if n % 2 else None)
            for n, one in enumerate(week(30, seed))
        ]
        trades += [
            correction(
                one,
                n % 3 + 1,
                tag=str(n),
                exit_price=100 + n,
                market="SOL" if n % 2 else one.market,
                context={"mfe_pct": n} if n % 3 else None,
            )
            for n, one in enumerate(trades[:20])
        ]
        one, other = make_bot("Mara"), make_bot("Juno")
        for bot in (one, other):
            two_sets(bot)
            two_sets(bot, "renko_ao")
        with clock.at(NOW):
            store_trades(one, trades)
            order.shuffle(trades)
            for batch in delivered(trades, cuts, repeats, order):
                store_trades(other, batch)
        assert stored(one) == stored(other)
        assert sums(one) == sums(other)
        assert sums(one) == rebuilt(one)


numbers = count()
seconds = st.integers(0, 3 * 86_400) | st.sampled_from([40_000, 40_001, 86_399, 86_400])


@st.composite
def reports(draw: st.DrawFn) -> dict:
    """What a bot may say of a trade; few markets and hours, so that trades meet."""
    closed = MONDAY_SECONDS + draw(seconds)
    return {
        "strategy": draw(st.sampled_from(["rsi_bb", "renko_ao"])),
        "market": draw(st.sampled_from(["BTC-PERP", "ETH"])),
        "mode": draw(st.sampled_from(["live", "paper"])),
        "exit_time": closed,
        "entry_time": closed - draw(st.integers(0, 90_000)),
        "exit_price": draw(st.sampled_from([99.9, 100, 100.1, 101.37])),
        "side": draw(st.sampled_from(["long", "short"])),
        "fee": draw(st.sampled_from([None, 0, 0.1])),
        "parameter_set": draw(st.sampled_from([None, None, 1, 2, 7])),
        "context": draw(st.sampled_from([None, {"mfe_pct": 1}])),
    }


class Deliveries(RuleBasedStateMachine):
    """Whatever happens, the sums are those of a rebuild, to the bit, and windows are right."""

    @initialize()
    def begin(self) -> None:
        self.bot = make_bot(f"Bot {next(numbers)}")
        two_sets(self.bot)
        self.sent: dict[str, dict] = {}

    def push(self, reports: list[dict]) -> None:
        with clock.at(NOW):
            store_trades(self.bot, [trade(**report) for report in reports])
        for report in reports:
            known = self.sent.get(report["id"])
            if known is None or known.get("revision", 0) < report.get("revision", 0):
                self.sent[report["id"]] = report

    @rule(new=st.lists(reports(), min_size=1, max_size=4))
    def push_new(self, new: list[dict]) -> None:
        self.push([report | {"id": f"t-{next(numbers)}"} for report in new])

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def resend(self, data) -> None:
        self.push([self.sent[data.draw(st.sampled_from(sorted(self.sent)))] for _ in range(2)])

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), changed=reports(), step=st.integers(-1, 2))
    def correct(self, data, changed: dict, step: int) -> None:
        known = self.sent[data.draw(st.sampled_from(sorted(self.sent)))]
        revision = max(0, known.get("revision", 0) + step)
        self.push([changed | {"id": known["id"], "revision": revision}])

    @rule()
    def rebuild(self) -> None:
        for instance in self.bot.instances.all():
            rebuild.instance(instance)

    @rule(since=seconds, length=st.integers(0, 200_000), part=st.integers(0, 999_999))
    def look(self, since: int, length: int, part: int) -> None:
        first = START + since * 1_000_000 + part
        check_windows(self.bot, [(first, first + length * 1_000_000)])

    @invariant()
    def sums_are_those_of_a_rebuild(self) -> None:
        if hasattr(self, "bot"):
            found = sums(self.bot)
            assert found == rebuilt(self.bot)
            assert Trade.objects.filter(bot=self.bot).count() == len(self.sent)

    def teardown(self) -> None:
        if hasattr(self, "bot"):
            self.bot.delete()


def deliveries(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.django_db
def test_after_every_step_the_sums_are_those_of_a_rebuild_and_windows_those_of_the_rows():
    deliveries(examples=6, steps=12)


@pytest.mark.soak
@pytest.mark.django_db
def test_after_every_step_of_a_long_life_the_sums_are_those_of_a_rebuild():
    deliveries(examples=500, steps=50)


def at_once(*tasks) -> list[BaseException]:
    """Run tasks in threads that start together; returns what they raised."""
    barrier, failures = threading.Barrier(len(tasks)), []

    def run(task):
        try:
            barrier.wait(10)
            with clock.at(NOW):
                task()
        except BaseException as failure:
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failures


@pytest.mark.django_db(transaction=True)
def test_two_threads_that_push_the_same_trades_store_each_once():
    bot, trades = make_bot(), week(80)
    batches = [trades[at : at + 20] for at in range(0, 80, 20)]

    def push(order):
        for batch in order:
            store_trades(Bot.objects.get(pk=bot.pk), batch)

    failures = at_once(lambda: push(batches), lambda: push(batches[::-1]))
    assert failures == []
    assert len(stored(bot)) == 80
    assert sums(bot) == rebuilt(bot)


@pytest.mark.django_db(transaction=True)
def test_two_threads_that_correct_the_same_trades_leave_the_newest_revision():
    bot, trades = make_bot(), week(20)
    with clock.at(NOW):
        store_trades(bot, trades)

    def correct(revisions):
        for revision in revisions:
            changed = [
                correction(one, revision, exit_price=100 + revision, market=f"M{revision % 3}")
                for one in trades
            ]
            store_trades(Bot.objects.get(pk=bot.pk), changed)

    failures = at_once(lambda: correct(range(1, 9, 2)), lambda: correct(range(8, 0, -2)))
    assert failures == []
    assert {row[-1] for row in Trade.objects.values_list("external_id", "revision")} == {8}
    assert sums(bot) == rebuilt(bot)


@pytest.mark.django_db(transaction=True)
def test_after_its_strategies_were_deleted_a_bot_starts_anew():
    bot = make_bot()
    with clock.at(NOW):
        store_trades(bot, week(20))
        bot.instances.all().delete()
        assert store_trades(bot, week(20)).stored == 20
    assert len(stored(bot)) == 20
    assert sums(bot) == rebuilt(bot)
