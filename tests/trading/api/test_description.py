"""The API's description: complete, valid, and true to what is answered."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from django.contrib.staticfiles import finders
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from analytics.api import urls as above
from trading.api import urls

from .server import ROOT
from .test_parameters import GRID

# Tried where there is an alert, or an experiment that leaves the others' parameters alone.
ONE = re.compile(r"\{alert\}|\{run\}|\{day\}|\{recommendation\}|experiments")


@pytest.fixture(scope="module")
def document() -> dict:
    from trading.api.schema import encoded

    return json.loads(encoded())


def operations(document):
    for path, found in document["paths"].items():
        for method, operation in found.items():
            yield path, method, operation


def validator(document, schema) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def test_it_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    validate_schema(document)
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_address_and_method_is_described(document):
    wanted = {
        (one.name, method.lower())
        for one in (*urls.urlpatterns, *above.urlpatterns)
        for method in one.callback.cls.scopes
    }
    assert len(wanted) == len(list(operations(document)))
    for _, _, operation in operations(document):
        assert operation["summary"] and operation["security"] == [{"token": []}]
        assert {"400", "401", "403", "429", "503"} <= operation["responses"].keys()
        for code, answer in operation["responses"].items():
            assert answer["description"]
            if "requestBody" in operation and code in ("200", "201", "207"):
                assert "example" in answer["content"]["application/json"]


def test_every_example_keeps_to_its_schema(document):
    count = 0
    for path, method, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for holder in (*bodies, *operation["responses"].values()):
            content = holder.get("content", {}).get("application/json", {})
            if "example" in content:
                count += 1
                found = validator(document, content["schema"]).iter_errors(content["example"])
                assert [error.message for error in found] == [], (path, method)
    assert count > 40


def complaints(document, operation, answer) -> list[str]:
    """Where an answer is not what the description says."""
    described = operation["responses"][str(answer.status_code)]["content"]["application/json"]
    found = validator(document, described["schema"]).iter_errors(answer.json())
    return [error.message for error in found]


def address(path: str) -> str:
    return path.replace("{strategy}", "rsi_bb").replace("{key}", "divergence")


@pytest.fixture
def sent(api, document) -> list:
    """Every example was sent: (path, operation, answer)."""
    api.get("parameters/rsi_bb/")
    return [
        (
            path,
            operation,
            api.ask(
                method.upper(),
                address(path),
                operation["requestBody"]["content"]["application/json"]["example"],
            ),
        )
        for path, method, operation in operations(document)
        if "requestBody" in operation and "clock" not in path and not ONE.search(path)
    ]


def test_every_example_request_is_accepted_and_answered_as_described(document, sent):
    for path, operation, answer in sent:
        assert answer.status_code in (200, 201), (path, answer.content)
        assert complaints(document, operation, answer) == []


def test_what_is_read_back_is_answered_as_described(api, document, sent):
    queries = {
        "/api/v1/candles/": "?market=BTC-PERP&interval=60",
        "/api/v1/bricks/": "?strategy=renko_ao&market=BTC-PERP",
    }
    for path, method, operation in operations(document):
        if method != "get" or "clock" in path or ONE.search(path):
            continue
        answer = api.get(address(path) + queries.get(path, ""))
        assert answer.status_code == 200, path
        assert complaints(document, operation, answer) == [], path


def test_the_schema_names_a_bot_s_own_strategies_to_that_bot_alone(api, other):
    api.post("strategies/", GRID)
    found = api.get("/api/schema/").json()["components"]["schemas"]["StrategyName"]
    assert "|grid)" in found["pattern"]
    for stranger in (other.get("/api/schema/"), other.get("/api/schema/", HTTP_AUTHORIZATION="")):
        assert b"|grid)" not in stranger.content
        assert "Authorization" in stranger["Vary"]


def test_the_schema_is_json_for_people_and_tools(client, db):
    assert client.get("/api/schema/")["Content-Type"] == "application/json"
    tool = client.get("/api/schema/", HTTP_ACCEPT="application/vnd.oai.openapi+json")
    assert tool["Content-Type"] == "application/vnd.oai.openapi+json"
    assert client.post("/api/schema/").status_code == 405


def test_the_page_needs_no_other_server_and_no_inline_script(client, db):
    page = client.get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200 and "http://" not in text and "https://" not in text
    assert "<script>" not in text and " on" + "click=" not in text
    assert "script-src 'self'" in page["Content-Security-Policy"]
    for part in text.split('"/static/')[1:]:
        assert finders.find(part.partition('"')[0]), part[:80]


def test_nothing_of_it_is_loaded_until_somebody_asks():
    code = (
        "import django, sys; django.setup(); import selflearn.urls;"
        "print([name for name in sys.modules if name.startswith("
        "('drf_spectacular.', 'jsonschema', 'trading.api.schema'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
