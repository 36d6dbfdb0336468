"""Addresses, methods, headers and queries that are not there."""

from __future__ import annotations

import pytest
from django.test import override_settings


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("GET", "trades/?page=0", {}, 400, id="Q1"),
        pytest.param("GET", "trades/?cursor=" + "9" * 40, {}, 400, id="Q2"),
        pytest.param("GET", "trades/?cursor=%00", {}, 400, id="Q3"),
        pytest.param("GET", "state/" + "9" * 300 + "/", {}, 404, id="Q4"),
        pytest.param("GET", "parameters/%F0%9F%A6%89/", {}, 404, id="Q5"),
        pytest.param("GET", "trades/?format=xml", {}, 400, id="Q6"),
        pytest.param("GET", "trades/", {"HTTP_ACCEPT": "text/xml"}, 406, id="Q7"),
        pytest.param("PATCH", "trades/", {}, 405, id="Q8"),
        pytest.param("POST", "state/k/", {"HTTP_X_HTTP_METHOD_OVERRIDE": "PUT"}, 405, id="Q8 b"),
        pytest.param("GET", "trades/?tag__regex=(a%2B)%2B%24", {}, 400, id="Q9"),
        pytest.param(
            "GET", "trades/?" + "&".join(f"a{n}=1" for n in range(1001)), {}, 400, id="Q10"
        ),
        pytest.param("GET", "trades/", {"HTTP_HOST": "evil.example"}, 400, id="Q11"),
        pytest.param("DELETE", "positions/", {}, 400, id="DELETE without a name"),
        pytest.param("DELETE", "positions/?strategy=nobody&market=M", {}, 400, id="DELETE nobody"),
        pytest.param("GET", "performance/?by=feature:nothing", {}, 400, id="by"),
        pytest.param("GET", "performance/?by=id%27--", {}, 400, id="by SQL"),
        pytest.param("GET", "performance/?window=1y", {}, 400, id="window"),
        pytest.param("GET", "performance/?as_of=" + "1" * 400, {}, 400, id="as_of"),
        pytest.param("GET", "candles/?market=%00&interval=60", {}, 400, id="candles of NUL"),
        pytest.param("GET", "candles/?market=M", {}, 400, id="candles without interval"),
        pytest.param("GET", "bricks/?strategy=renko_ao", {}, 400, id="bricks without market"),
        pytest.param("GET", "state/?candles=5001", {}, 400, id="too many candles"),
        pytest.param("GET", "nothing/", {}, 404, id="no address"),
        pytest.param("POST", "trades", {}, 404, id="no slash"),
        pytest.param("GET", "trades", {}, 404, id="no slash, reading"),
    ],
)
@override_settings(ALLOWED_HOSTS=["testserver"])
def test_a_wrong_address_or_query_is_told_in_json(api, method, path, headers, status):
    answer = api.raw(method, path, **headers)
    assert answer.status_code == status
    assert isinstance(answer.json(), dict)
    assert answer["Content-Type"] == "application/json"
