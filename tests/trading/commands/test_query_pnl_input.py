"""query_pnl without anything to tell of, and asked for what it cannot tell."""

import pytest
from django.core.management import CommandError, call_command


def test_without_trades_it_says_how_to_get_some(bot, run):
    assert "import_bot_db" in run("query_pnl")
    assert run("query_pnl", "--json")[0]["trades"] == 0
    assert run("query_pnl", "--json")[0]["win_rate"] is None


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--by", "moon"), "by must be one of day, hour"),
        (("--by", "param:moon"), "there is no param 'moon'; there are: "),
        (("--strategy", "renko"), "did you mean renko_ao?"),
        (("--bot", "nobody"), 'no bot is named "nobody"; there are: ref'),
        (("--since", "yesterday"), '"yesterday" is not a time'),
        (("--since", "2022-01-02", "--until", "2022-01-01"), "--since must be before --until"),
        (("--window", "24h", "--since", "2022-01-02"), "give one or the other"),
        (("--market", "a b"), "--market must match"),
        (("--json", "--csv"), "choose one"),
    ],
)
def test_bad_input_gets_one_clear_line(bot, args, says):
    with pytest.raises(CommandError) as error:
        call_command("query_pnl", *args)
    assert says in str(error.value)
    assert "\n" not in str(error.value)
