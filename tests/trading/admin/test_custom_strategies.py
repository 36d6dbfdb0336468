"""Pages of strategies that bots declare themselves, and whose declaration changes over time."""

import pytest
from django.test import Client
from django.urls import reverse

from trading.bots.catalog import declare
from trading.models import Origin, ParameterSet
from trading.parameters import instance_for, promote

from .test_parameter_editor import confirmed

ROWS = {
    "name": "rows",
    "type": "integer",
    "default": 5,
    "low": 1,
    "high": 9,
    "unit": "<i>rows</i>",
    "help": "<script>alert(1)</script>",
}
SHAPE = {
    "name": "shape",
    "type": "choice",
    "default": "<b>flat</b>",
    "choices": ["<b>flat</b>", "steep"],
}
DEPTH = {"name": "depth", "type": "number", "default": 0.5, "low": 0, "high": 1}
PAGES = ("change", "history", "compare", "values/rows", "rollback/1")


@pytest.fixture
def instance(bot):
    """Version 2 was made before ``depth`` was declared and ``shape`` removed."""
    declare(bot, {"key": "grid", "title": "<u>Grid</u>", "parameters": [ROWS, SHAPE]})
    found = instance_for(bot, "grid")
    promote(instance=found, values={"rows": 7, "shape": "steep"}, reason="x", origin=Origin.API)
    return found


def page(instance, name):
    return f"/admin/trading/strategyinstance/{instance.pk}/{name}/"


@pytest.mark.parametrize("name", PAGES)
def test_what_a_bot_declares_is_shown_as_text(owner, instance, name):
    text = owner.get(page(instance, name)).content.decode()
    for hostile in ("<i>rows", "<script>alert", "<b>flat", "<u>Grid"):
        assert hostile not in text


def test_a_choice_of_a_bots_own_is_changed_in_the_form(owner, instance):
    sent = {"rows": "3", "shape": "<b>flat</b>", "reason": "back", "seen_version": "2"}
    confirmed(owner, page(instance, "change"), sent)
    made = ParameterSet.objects.get(instance=instance, version=3)
    assert made.values == {"rows": 3, "shape": "<b>flat</b>"}


@pytest.fixture
def redeclared(bot, instance):
    declare(bot, {"key": "grid", "parameters": [ROWS, DEPTH]})
    return instance


@pytest.mark.parametrize("name", [*PAGES, "values/depth"])
def test_a_set_from_before_a_declaration_opens_everywhere(owner, redeclared, name):
    assert owner.get(page(redeclared, name)).status_code == 200


def test_a_set_from_before_a_declaration_is_changed_and_rolled_back_to(owner, redeclared):
    form = owner.get(page(redeclared, "change")).context["form"]
    assert {name: form[name].value() for name in ("rows", "depth")} == {"rows": 7, "depth": 0.5}
    sent = {"rows": "7", "depth": "0.8", "reason": "deeper", "seen_version": "2"}
    confirmed(owner, page(redeclared, "change"), sent)
    preview = owner.get(page(redeclared, "rollback/2"))
    assert [(c.name, c.old, c.new) for c in preview.context["changes"]] == [("depth", "0.8", "0.5")]
    owner.post(page(redeclared, "rollback/2"), {"reason": "back", "seen_version": "3"})
    made = ParameterSet.objects.get(instance=redeclared, version=4)
    assert made.values == {"rows": 7, "depth": 0.5}
    removed = owner.get(page(redeclared, "history")).context["entries"][1]["changes"]
    assert ("shape", "steep", "–") in [(c.name, c.old, c.new) for c in removed]


@pytest.mark.parametrize("name", ["change", "rollback/1", "name/1", "import"])
def test_nothing_changes_without_the_token_against_forgery(owner, instance, name):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = owner.cookies
    sent = {
        "rows": "3",
        "shape": "steep",
        "reason": "x",
        "seen_version": "2",
        "step": "confirm",
        "name": "x",
        "text": "{}",
    }
    assert strict.post(page(instance, name), sent).status_code == 403
    freeze = reverse("admin:trading_bot_freeze", args=[instance.bot_id])
    assert strict.post(freeze, {"frozen": "yes", "reason": "x"}).status_code == 403
    assert ParameterSet.objects.filter(instance=instance).count() == 2
    assert not instance.presets.exists()
    assert not instance.bot.freezes.exists()
