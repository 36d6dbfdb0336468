"""Versions that leave as files, come back from them, and get names."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from trading.models import Bot, Origin, ParameterSet, Preset
from trading.parameters import instance_for, promote
from trading.parameters.freeze import freeze

from .test_parameter_editor import carried


@pytest.fixture
def instance(bot):
    """Version 2 is called calm market."""
    found = instance_for(bot, "rsi_bb")
    promote(
        instance=found,
        values={"stop_loss_bps": 5.5},
        reason="wider",
        origin=Origin.API,
        name="calm market",
    )
    return found


def page(instance, name, *args):
    return reverse(f"admin:trading_strategyinstance_{name}", args=[instance.pk, *args])


def newest(instance):
    return ParameterSet.objects.filter(instance=instance).order_by("-version")[0]


def test_a_version_is_exported_and_comes_back_at_another_bot(owner, instance):
    answer = owner.get(page(instance, "export_set", 2))
    assert answer["Content-Disposition"] == 'attachment; filename="rsi_bb_v2.json"'
    other = instance_for(Bot.objects.create(name="beta"), "rsi_bb")
    file = SimpleUploadedFile("set.json", answer.content)
    sent = {"file": file, "reason": "as alpha does"}
    review = owner.post(page(other, "import_set"), sent)
    assert [(c.name, c.old, c.new) for c in review.context["changes"]] == [
        ("stop_loss_bps", "4 bps", "5.5 bps")
    ]
    assert newest(other).version == 1
    sent = {**carried(review.content.decode()), "step": "confirm"}
    done = owner.post(page(other, "import_set"), sent, follow=True)
    assert "Version 2 of rsi_bb is live" in done.content.decode()
    made = newest(other)
    assert made.values == newest(instance).values
    assert (made.origin, made.reason, made.author.username, made.name) == (
        "import",
        "as alpha does",
        "owner",
        "calm market",
    )


def document(**changed):
    known = {"format": "selflearn-parameters-1", "strategy": "rsi_bb", "values": {}}
    return json.dumps(known | changed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Choose a file or paste its text"),
        ("{", "Not a valid JSON document"),
        ("[]", "must be an object"),
        ('{"format": "another"}', "must be an object"),
        ("[" * 3000, "Not a valid JSON document"),
        (document(strategy="renko_ao"), "not of rsi_bb"),
        ('{"renko_ao": {}}', "not of rsi_bb"),
        (document(values={"stop_loss_bps": -1}), "Stop loss must be between"),
        (document(values={"stop_loss_bps": "<b>"}), "Stop loss must be a number"),
        (document(values={"<img>": 1}), "is not a parameter of rsi_bb"),
        (document(values=[1]), "must be an object of values"),
        (" " * 70_000, "Choose a file"),
        ("9" * 70_000, "at most 65536"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_set_is_refused_with_a_sentence(owner, instance, text, said):
    answer = owner.post(page(instance, "import_set"), {"text": text, "reason": "x"})
    assert said in answer.content.decode()
    assert "<img>" not in answer.content.decode()
    assert newest(instance).version == 2


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{" + b" " * 70_000 + b"}", b""])
def test_a_file_that_is_none_is_refused(owner, instance, content):
    sent = {"file": SimpleUploadedFile("x", content), "reason": "x"}
    assert owner.post(page(instance, "import_set"), sent).context["form"].errors
    assert newest(instance).version == 2


def test_an_import_needs_a_reason_and_keeps_what_was_pasted(owner, instance):
    text = document(values={"stop_loss_bps": 7})
    answer = owner.post(page(instance, "import_set"), {"text": text, "reason": ""})
    assert "reason" in answer.context["form"].errors
    assert answer.context["form"]["text"].value() == text
    review = owner.post(page(instance, "import_set"), {"text": text, "reason": "why"})
    sent = {**carried(review.content.decode()), "step": "edit"}
    back = owner.post(page(instance, "import_set"), sent)
    assert json.loads(back.context["form"]["text"].value()) == json.loads(text)
    assert back.context["form"]["reason"].value() == "why"


def test_without_a_reason_the_content_of_a_file_is_kept(owner, instance):
    text = document(values={"stop_loss_bps": 7})
    sent = {"file": SimpleUploadedFile("set.json", text.encode()), "reason": ""}
    answer = owner.post(page(instance, "import_set"), sent)
    assert answer.status_code == 200
    assert answer.context["form"]["text"].value() == text


def test_an_import_of_what_is_live_changes_nothing(owner, instance):
    text = owner.get(page(instance, "export_set", 2)).content.decode()
    answer = owner.post(page(instance, "import_set"), {"text": text, "reason": "x"}, follow=True)
    assert "these values are already live" in answer.content.decode()
    assert newest(instance).version == 2


def test_an_import_that_was_overtaken_is_looked_at_again(owner, instance):
    text = document(values={"stop_loss_bps": 7})
    review = owner.post(page(instance, "import_set"), {"text": text, "reason": "x"})
    sent = {**carried(review.content.decode()), "step": "confirm"}
    promote(instance=instance, values={"stop_loss_bps": 9}, reason="m", origin=Origin.API)
    again = owner.post(page(instance, "import_set"), sent)
    assert newest(instance).version == 3
    assert "went live since you saw version 2" in again.content.decode()
    assert [(c.old, c.new) for c in again.context["changes"]] == [("9 bps", "7 bps")]
    sent = {**carried(again.content.decode()), "step": "confirm"}
    owner.post(page(instance, "import_set"), sent)
    assert newest(instance).values["stop_loss_bps"] == 7


def test_nothing_is_imported_into_a_frozen_bot(owner, bot, instance):
    freeze(bot=bot, frozen=True, reason="Exchange down")
    text = document(values={"stop_loss_bps": 7})
    sent = {"text": text, "reason": "x", "step": "confirm"}
    answer = owner.post(page(instance, "import_set"), sent)
    assert "Parameters are frozen" in answer.content.decode()
    assert newest(instance).version == 2


def test_a_named_version_is_found_again_and_renamed(owner, instance):
    text = owner.get(page(instance, "history")).content.decode()
    assert "calm market</a> (version 2)" in text
    owner.post(page(instance, "name", 1), {"name": "  <b>night</b> "})
    text = owner.get(page(instance, "history")).content.decode()
    assert "&lt;b&gt;night&lt;/b&gt;</a> (version 1)" in text
    answer = owner.post(page(instance, "name", 1), {"name": ""}, follow=True)
    assert "has no name now" in answer.content.decode()
    assert Preset.objects.count() == 1


@pytest.mark.parametrize("name", ["calm market", "a" * 61, "a\x00b"])
def test_a_name_that_cannot_be_given_is_refused_with_a_sentence(owner, instance, name):
    answer = owner.post(page(instance, "name", 1), {"name": name}, follow=True)
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
    assert Preset.objects.count() == 1


def test_a_version_that_is_not_there_is_neither_named_nor_exported(owner, instance):
    assert owner.post(page(instance, "name", 9), {"name": "x"}).status_code == 302
    assert Preset.objects.count() == 1
    answer = owner.get(page(instance, "export_set", 9), follow=True)
    assert "has no version 9 to export" in answer.content.decode()
