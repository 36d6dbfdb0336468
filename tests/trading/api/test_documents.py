"""The examples of docs/api.md, run as they stand there."""

from __future__ import annotations

import json
import re
import shlex
from string import Template

from .server import ROOT

TEXT = (ROOT / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, re.S)
EXAMPLES = [
    (command, int(said[0]), json.loads(said[1] or "null"))
    for block in BLOCKS
    for command, *said in re.findall(r"(curl .*?)\n# (\d+)(?: ([^\n]*))?\n", block, re.S)
]


def run(api, command: str, last_id: object):
    """Do what curl would do; ``last_id`` is the one that an answer named last."""
    filled = Template(command.replace("\\\n", " ")).substitute(
        API="/api/v1", AUTH=f"Authorization: Bearer {api.secret}", ID=last_id
    )
    words = iter(shlex.split(filled)[1:])
    method, body, headers, address = "GET", b"", {}, ""
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[f"HTTP_{name.upper()}"] = value
        elif word == "-X":
            method = next(words)
        elif word == "--json":
            body = next(words).encode()
            method = "POST" if method == "GET" else method
        else:
            address = word
    return api.raw(method, address, body, **headers)


def part_of(said, answer) -> bool:
    if isinstance(said, dict):
        return all(name in answer and part_of(said[name], answer[name]) for name in said)
    return said == answer


def test_every_example_is_answered_as_the_document_says(api, simulated):
    assert len(EXAMPLES) == TEXT.count("curl -H") > 20
    last_id = None
    for command, status, said in EXAMPLES:
        answer = run(api, command, last_id)
        if answer["Content-Type"] == "application/json" and isinstance(answer.json(), dict):
            last_id = answer.json().get("id", last_id)
        assert answer.status_code == status, (command, answer.content)
        assert said is None or part_of(said, answer.json()), (command, answer.json())


def test_every_address_has_an_example(api):
    from trading.api import urls

    shown = {re.search(r"\$API/([a-z_/]*)", command)[1] for command, _, _ in EXAMPLES}
    for one in urls.urlpatterns:
        start = re.split(r"[<(]", str(one.pattern).lstrip("^"))[0]
        assert any(address.startswith(start) for address in shown), start


def test_every_limit_is_the_one_that_holds():
    from django.conf import settings

    from trading.api import parsers
    from trading.api.views import performance
    from trading.ingest import state
    from trading.validation import limits

    for number, written in (
        (parsers.MAX_BYTES, "5 MB"),
        (parsers.MAX_ROWS, "5,000 rows"),
        (settings.API_RATE, "600 requests"),
        (limits.BYTES, "16 kB"),
        (limits.DEPTH, "20 levels"),
        (limits.KEYS, "2,000 keys"),
        (state.VALUE_BYTES, "256 KiB"),
        (performance.DETAILED, "20,000 trades"),
    ):
        assert written in TEXT
        digits = re.match(r"[\d,]+", written)[0].replace(",", "")
        assert number in (int(digits), int(digits) * 1024, int(digits) * 1_000_000)
