from __future__ import annotations

import json

import pytest

from tests.trading.story import make_bot, two_sets
from trading.models import Origin
from trading.parameters import instance_for, live_for
from trading.parameters.errors import Refused, Stale
from trading.parameters.files import export_set, import_set
from trading.parameters.presets import name_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def instance():
    bot = make_bot()
    two_sets(bot)
    return bot.instances.get()


@pytest.fixture
def document(instance):
    made = instance.parameter_sets.get(version=2)
    name_set(made, "calm market")
    return json.loads(json.dumps(export_set(instance.parameter_sets.get(version=2))))


def test_a_set_that_was_taken_to_another_bot_is_the_same_there(instance, document):
    other = instance_for(make_bot("Juno"), "rsi_bb@sol")
    made = import_set(instance=other, document=document, reason="As Mara trades")
    assert made.values == instance.parameter_sets.get(version=2).values
    assert (made.version, made.origin, made.name) == (2, Origin.IMPORT, "calm market")
    assert live_for(other.bot, "rsi_bb@sol") == made


def test_the_document_says_what_it_is(document):
    assert document | {"values": None} == {
        "format": "selflearn-parameters-1",
        "strategy": "rsi_bb",
        "version": 2,
        "name": "calm market",
        "reason": "Hold a little longer",
        "live_since": "2025-03-05T12:00:00.000000Z",
        "values": None,
    }


def test_a_name_that_another_version_has_stays_there(instance, document):
    made = import_set(instance=instance, document=document, reason="Again")
    assert (made.version, made.name) == (3, "")
    assert instance.parameter_sets.get(version=2).name == "calm market"
    assert import_set(instance=instance, document=document, reason="x", name="new").name == "new"


def test_what_the_document_leaves_out_takes_its_default(instance, document):
    document["values"] = {"rsi_period": 9}
    made = import_set(instance=instance, document=document, reason="x")
    assert made.values["rsi_period"] == 9 and made.values["max_hold_minutes"] == 3


def test_unknown_and_removed_parameters_are_named(instance, document):
    document["values"] |= {"rsi_perod": 9, "window": 7, "bb_std": -1}
    with pytest.raises(Refused) as refusal:
        import_set(instance=instance, document=document, reason="x")
    errors = refusal.value.errors
    assert errors.keys() == {"rsi_perod", "window", "bb_std"}
    assert "did you mean rsi_period?" in errors["rsi_perod"][0]
    assert instance.parameter_sets.count() == 2


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "other"}, "format"),
        ({"strategy": "breakout"}, "'breakout', not of rsi_bb"),
        ({"strategy": None}, "not of rsi_bb"),
        ({"values": [1]}, "by parameter"),
        ({"extra": 1}, "extra: no such field"),
    ],
)
def test_what_is_no_such_document_is_refused(instance, document, change, says):
    with pytest.raises(Refused, match=says) as refusal:
        import_set(instance=instance, document=document | change, reason="x")
    assert set(refusal.value.errors) == {"document"}


@pytest.mark.parametrize("document", [None, [], "x", 3, {}])
def test_whatever_is_given_instead_of_a_document_is_refused(instance, document):
    with pytest.raises(Refused, match="document"):
        import_set(instance=instance, document=document, reason="x")


def test_a_plain_document_holds_values_by_strategy(instance):
    plain = {"breakout": {}, "mean_reversion": {"rsi_period": 9}}
    made = import_set(instance=instance, document=plain, reason="x")
    assert made.values["rsi_period"] == 9 and made.values["max_hold_minutes"] == 3
    plain = {"rsi_bb": {"rsi_period": 8}, "rsi_bb@sol": {"rsi_period": 7}}
    assert import_set(instance=instance, document=plain, reason="x").values["rsi_period"] == 8
    other = instance_for(make_bot("Juno"), "rsi_bb@sol")
    assert import_set(instance=other, document=plain, reason="x").values["rsi_period"] == 7


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"breakout": {}}, "'breakout', not of rsi_bb"),
        ({"rsi_bb@a": {}, "rsi_bb@b": {}}, "'rsi_bb@a', 'rsi_bb@b', not of rsi_bb"),
        ({"rsi_period": 14}, "or plain"),
        ({"rsi_bb": {}, "breakout": 1}, "or plain"),
    ],
)
def test_a_plain_document_that_does_not_fit_is_refused(instance, document, says):
    with pytest.raises(Refused, match=says) as refusal:
        import_set(instance=instance, document=document, reason="x")
    assert set(refusal.value.errors) == {"document"}
    assert instance.parameter_sets.count() == 2


def test_an_import_needs_a_reason_and_may_be_too_late(instance, document):
    with pytest.raises(Refused, match="reason"):
        import_set(instance=instance, document=document, reason=" ")
    with pytest.raises(Stale):
        import_set(instance=instance, document=document, reason="x", seen=1)
    document["name"] = 7
    assert import_set(instance=instance, document=document, reason="x", seen=2).name == ""
