"""The whole document: operations from the table, names from the structs and the answers."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from trading.api.schema import answers, parts, requests
from trading.api.schema.operations import Operation

JSON = "application/json"
ERROR, FIELDS = parts.ref("Error"), parts.ref("FieldErrors")
_BAD = parts.either(ERROR, FIELDS)
_ALWAYS = {
    400: ("What was asked for is not understood; nothing was stored.", _BAD),
    401: ("There is no usable token.", ERROR),
    403: ("The token's scope does not allow this.", ERROR),
    406: ("Answers are JSON; the Accept header wants something else.", ERROR),
    429: ("Too many requests with this token; wait as Retry-After says.", ERROR),
    414: ("The address is too long; the answer is no JSON.", None),
    503: ("The database cannot be reached; send it again as Retry-After says.", ERROR),
}
_WITH_BODY = {
    411: ("Chunked bodies are not read; send a Content-Length.", ERROR),
    413: ("More than 5 MB (unpacked) or 5 000 rows.", ERROR),
    415: ("The body must be application/json in UTF-8, plain or gzip.", ERROR),
}


class Described(AutoSchema):
    """DRF's way to a schema; what it says stands in the table that the view names."""

    def get_operation(self, path, path_regex, path_prefix, method, registry) -> dict[str, Any]:
        view = type(self.view)
        table = import_module(self.view.described_in).OPERATIONS
        operation: Operation = table[view.__name__, method]
        scopes = sorted(view.scopes[method])
        name = path.removeprefix("/api/v1/").strip("/").replace("/", "_")
        found: dict[str, Any] = {
            "operationId": f"{method.lower()}_{name.replace('{', '').replace('}', '')}",
            "summary": operation.summary,
            "description": f"{operation.text}\n\nScope: {' or '.join(scopes)}.",
            "tags": [operation.tag],
            "security": [{"token": []}],
            "responses": _responses(operation),
        }
        if parameters := _parameters(operation, path):
            found["parameters"] = parameters
        if operation.body:
            found["requestBody"] = {
                "required": True,
                "content": {JSON: {"schema": operation.body, **_example(operation.example)}},
            }
        return found


def _parameters(operation: Operation, path: str) -> list[dict[str, Any]]:
    given = {"strategy": parts.ref("StrategyName"), "key": parts.STATE_KEY}
    found = [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in given.items()
        if f"{{{name}}}" in path
    ]
    return found + [
        {"name": one.name, "in": one.place, "required": one.required, "schema": one.schema}
        | parts.described(one.text)
        for one in operation.parameters
    ]


def _responses(operation: Operation) -> dict[str, Any]:
    errors = _ALWAYS | (_WITH_BODY if operation.body else {}) | operation.errors
    found = {
        str(code): {
            "description": text,
            "content": {JSON: {"schema": schema}} if schema else {"text/html": {}},
        }
        for code, (text, schema) in errors.items()
    }
    for code, answer in operation.answers.items():
        content = {}
        if answer.schema is not None:
            content = {"content": {JSON: {"schema": answer.schema, **_example(answer.example)}}}
        if answer.csv:
            content["content"]["text/csv"] = {"schema": parts.TEXT}
        headers = {"headers": {"ETag": {"schema": parts.TEXT}}} if answer.tagged else {}
        found[str(code)] = {"description": answer.text, **content, **headers}
    return dict(sorted(found.items()))


def _example(example: Any) -> dict[str, Any]:
    return {} if example is None else {"example": example}


@lru_cache(maxsize=32)
def encoded(own: tuple[str, ...] = ()) -> bytes:
    """The document as JSON, for a bot that declared the strategies ``own``."""
    found = SchemaGenerator().get_schema(public=True)
    schemas = requests.components(own) | answers.COMPONENTS
    schemas["StrategyName"] = parts.strategy_name(own)
    found["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A bot's token, as the admin or manage.py create_token gave it.",
            }
        },
    }
    return msgspec.json.encode(found)
