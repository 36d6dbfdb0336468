"""The API as OpenAPI 3.1, made from the structs and ``describe`` of the views when asked for."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

import msgspec
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from trading.api.operation import Answer, Error, FieldErrors, Kind, Operation, Parameter
from trading.api.requests import BrickIn
from trading.strategies import REGISTRY
from trading.validation import field_types as types

# drf-spectacular is not typed.
_component: Any = ResolvedComponent
_generator: Any = SchemaGenerator
JSON = "application/json"
Schema = dict[str, Any]
_REFERENCE = "#/components/schemas/{name}"
_ALWAYS: dict[int, tuple[str, Kind]] = {
    400: ("The request is malformed; nothing was stored.", (Error, FieldErrors)),
    401: ("There is no valid token.", Error),
    403: ("The token's scope does not allow this.", Error),
    406: ("Answers are JSON; the Accept header wants something else.", Error),
    429: ("Too many requests with this token; wait as Retry-After says.", Error),
    414: ("The URL is too long; the answer is not JSON.", None),
    503: ("The database is unavailable; send it again as Retry-After says.", Error),
}
_WITH_BODY: dict[int, tuple[str, Kind]] = {
    411: ("Chunked bodies are not read; send a Content-Length.", Error),
    413: ("More than 5 MB (unpacked) or 5,000 rows.", Error),
    415: ("The body must be application/json in UTF-8, plain or gzip.", Error),
}


class EndpointSchema(AutoSchema):
    """drf-spectacular's description of a view, from what its methods' ``describe`` says."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> Schema:
        self.registry = registry
        view: Any = self.view
        handler = getattr(view, method.lower())
        operation: Operation = handler.operation
        summary, _, text = inspect.cleandoc(handler.__doc__).partition("\n\n")
        name = path.removeprefix("/api/v1/").strip("/").replace("/", "_")
        described: Schema = {
            "operationId": f"{method.lower()}_{name.replace('{', '').replace('}', '')}",
            "summary": summary,
            "description": f"{' '.join(text.split())}\n\n"
            f"Scope: {' or '.join(sorted(view.scopes[method]))}.",
            "tags": [operation.tag],
            "security": [{"token": []}],
            "responses": self._responses(operation),
        }
        if operation.parameters:
            described["parameters"] = [self._parameter(one) for one in operation.parameters]
        if operation.body:
            content = {"schema": self._schema(operation.body), "example": operation.example}
            described["requestBody"] = {"required": True, "content": {JSON: content}}
        return described

    def _parameter(self, parameter: Parameter) -> Schema:
        schema = self._schema(parameter.kind)
        if parameter.default is not None:
            schema = schema | {"default": parameter.default}
        described = {
            "name": parameter.name,
            "in": parameter.place,
            "required": parameter.required,
            "schema": schema,
        }
        return described | ({"description": parameter.text} if parameter.text else {})

    def _responses(self, operation: Operation) -> Schema:
        errors = _ALWAYS | (_WITH_BODY if operation.body else {}) | dict(operation.errors)
        responses: dict[int, Schema] = {
            code: {
                "description": text,
                "content": {JSON: {"schema": self._schema(kind)}} if kind else {"text/html": {}},
            }
            for code, (text, kind) in errors.items()
        }
        responses |= {code: self._answer(one) for code, one in operation.answers.items()}
        return {str(code): responses[code] for code in sorted(responses)}

    def _answer(self, answer: Answer) -> Schema:
        response: Schema = {"description": answer.text}
        if answer.kind is not None:
            content: Schema = {"schema": self._schema(answer.kind)}
            if answer.example is not None:
                content["example"] = answer.example
            response["content"] = {JSON: content}
        if answer.csv:
            response["content"]["text/csv"] = {"schema": {"type": "string"}}
        if answer.etag:
            response["headers"] = {"ETag": {"schema": {"type": "string"}}}
        return response

    def _schema(self, kind: Kind) -> Schema:
        """The schema of a type; the structs it names become components."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
        for name, component in components.items():
            self.registry.register_on_missing(
                _component(name, ResolvedComponent.SCHEMA, _plain(component), name)
            )
        plain: list[Schema] = [_plain(schema) for schema in schemas]
        return plain[0] if len(plain) == 1 else {"anyOf": plain}


def _plain(schema: Any) -> Any:
    """Without titles, and without what msgspec says beside a reference to a shared schema."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = {"title"} if isinstance(schema.get("title"), str) else set()
    if isinstance(schema.get("$ref"), str):
        left_out |= schema.keys() - {"$ref", "description", "default"}
    return {name: _plain(part) for name, part in schema.items() if name not in left_out}


def _strategy_name(custom: tuple[str, ...]) -> Schema:
    keys = [name for one in REGISTRY.values() for name in (one.key, *one.aliases)] + list(custom)
    return {
        "type": "string",
        "pattern": rf"^({'|'.join(keys)})(@[a-z0-9_.-]{{1,40}})?$",
        "description": "Key or alias of a strategy, with an optional @label for an instance with "
        "parameters, state and experiments of its own. The bot's custom strategies are listed "
        "here if the schema is requested with its token.",
    }


@lru_cache(maxsize=32)
def encoded(custom: tuple[str, ...] = ()) -> bytes:
    """The document as JSON, for a bot with these custom strategies."""
    document = _generator().get_schema(public=True)
    _, bricks = msgspec.json.schema_components((BrickIn,), ref_template=_REFERENCE)
    schemas = document["components"]["schemas"] | types.SHARED | _plain(bricks)
    schemas["StrategyName"] = _strategy_name(custom)
    document["components"] = {
        "schemas": dict(sorted(schemas.items())),
        "securitySchemes": {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "A bot's token, from the admin or manage.py create_token.",
            }
        },
    }
    return msgspec.json.encode(document)
