"""Parameters from the command line: back, out to a file, in again, and checked."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from tests.trading.story import make_bot, two_sets
from trading.parameters import live_for
from trading.parameters.freeze import freeze
from trading.parameters.presets import name_set


@pytest.fixture
def mara(db):
    bot = make_bot()
    two_sets(bot)
    return bot


def error(run, *arguments) -> str:
    with pytest.raises(CommandError) as found:
        run(*arguments)
    text = str(found.value)
    assert "\n" not in text and text
    return text


def test_rollback_makes_the_old_values_live_again(mara, run):
    back = ("rollback", "--strategy", "rsi_bb", "--to", 1, "--reason", "Worse")
    assert run(*back) == "Version 3 of Mara / rsi_bb is live, with the values of version 1.\n"
    told = run(*back, "--bot", "Mara", "--json")
    assert (told["version"], told["rolled_back_to"], told["bot"]) == (4, 1, "Mara")
    live = live_for(mara, "rsi_bb")
    assert (live.version, live.origin, live.reason) == (4, "rollback", "Worse")
    assert (
        live.values == told["values"] == mara.instances.get().parameter_sets.get(version=1).values
    )


def test_rollback_says_what_is_wrong(mara, run):
    def back(*more, strategy="rsi_bb", to=1, reason="x"):
        return error(run, "rollback", "--strategy", strategy, "--to", to, "--reason", reason, *more)

    assert back(to=9) == "to: there is no version 9 of rsi_bb; there are 1, 2"
    assert "did you mean rsi_bb" in back(strategy="rsi_b")
    assert back(strategy="renko_ao") == "no bot runs renko_ao yet"
    assert back("--bot", "Mara", strategy="renko_ao") == "Mara does not run renko_ao"
    assert "reason" in back(reason=" ")
    assert 'no bot is named "Juno"' in back("--bot", "Juno")
    two_sets(make_bot("Theo"))
    assert back() == "several bots run rsi_bb: Mara, Theo; say which one with --bot"
    freeze(bot=mara, frozen=True, reason="Holiday")
    assert "are frozen since" in back("--bot", "Mara")
    with pytest.raises(CommandError, match="required"):
        call_command("rollback", "--strategy", "rsi_bb", "--to", "1")


def test_a_set_goes_out_to_a_file_and_comes_in_for_another_bot(mara, run, tmp_path):
    file = tmp_path / "calm.json"
    name_set(mara.instances.get().parameter_sets.get(version=1), "calm")
    told = run("export_parameters", "--strategy", "rsi_bb", "--name", "calm", "--output", file)
    assert told == f"Version 1 of Mara / rsi_bb was written to {file}.\n"
    theo = make_bot("Theo")
    made = run("import_parameters", file, "--bot", "Theo", "--reason", "Try calm", "--json")
    assert (made["bot"], made["version"]) == ("Theo", 2)
    assert live_for(theo, "rsi_bb").name == "calm"
    told = run(
        "import_parameters", file, "--bot", "Theo", "--strategy", "rsi_bb@sol", "--reason", "x"
    )
    assert told == "Version 2 of Theo / rsi_bb@sol is live.\n"


def test_export_prints_the_live_set_or_a_version(mara, run):
    assert json.loads(run("export_parameters", "--strategy", "mean_reversion"))["version"] == 2
    found = run("export_parameters", "--strategy", "rsi_bb", "--version", 1, "--json")
    assert (found["version"], found["strategy"]) == (1, "rsi_bb")
    export = ("export_parameters", "--strategy", "rsi_bb")
    assert "no version 7" in error(run, *export, "--version", 7)
    assert 'no version named "x"' in error(run, *export, "--name", "x")
    assert "Is a directory" in error(run, *export, "--output", "/")


def test_import_says_what_is_wrong_with_the_file(mara, run, tmp_path):
    file = tmp_path / "set.json"

    def said(text, *more):
        file.write_text(text)
        return error(run, "import_parameters", file, "--reason", "x", *more)

    assert "is not JSON" in said("{")
    assert "is not JSON" in said("[" * 100_000)
    assert "format" in said("{}", "--strategy", "rsi_bb")
    assert "names no strategy" in said("[]") and "names no strategy" in said('{"strategy": 7}')
    document = run("export_parameters", "--strategy", "rsi_bb", "--json")
    document["values"]["window"] = 7
    assert "window: is not a parameter of rsi_bb" in said(json.dumps(document))
    assert "No such file" in error(run, "import_parameters", tmp_path / "no", "--reason", "x")
    file.write_bytes(b"\xff\xfe")
    assert "is not JSON" in error(run, "import_parameters", file, "--reason", "x")


def test_the_plain_form_of_an_import_is_taken_too(mara, run, tmp_path):
    file = tmp_path / "plain.json"
    file.write_text('{"rsi_bb": {"rsi_period": 9}}')
    told = run("import_parameters", file, "--reason", "x")
    assert told == "Version 3 of Mara / rsi_bb is live.\n"
    live = live_for(mara, "rsi_bb").values
    assert (live["rsi_period"], live["max_hold_minutes"]) == (9, 3)
    file.write_text('{"breakout": {}, "rsi_bb": {"rsi_period": 11}}')
    assert error(run, "import_parameters", file, "--reason", "x") == (
        f"{file} holds parameters of breakout, rsi_bb; say which one with --strategy"
    )
    run("import_parameters", file, "--strategy", "rsi_bb", "--reason", "x")
    assert live_for(mara, "rsi_bb").values["rsi_period"] == 11


def test_check_audit_finds_nothing_or_fails_with_what_it_found(mara, run, capsys):
    assert run("check_audit") == "All live parameters agree with their history.\n"
    assert run("check_audit", "--json") == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trading_liveset SET reason = 'other'")
    assert error(run, "check_audit") == (
        "1 found: rsi_bb of Mara: the newest row of the history differs from what is live: "
        "the reason"
    )
