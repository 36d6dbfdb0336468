"""The API without a network: the same views, called in this process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.urls import resolve

_CLIENT = str(Path(settings.BASE_DIR) / "clients" / "python")
if _CLIENT not in sys.path:
    sys.path.append(_CLIENT)

from selflearn_client import Client, ClientError  # noqa: E402
from selflearn_client.transport import Answer  # noqa: E402

__all__ = ["Client", "ClientError", "Inside"]


class Inside:
    """A transport of the client: no host, no port, no connection."""

    def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, timeout: float
    ) -> Answer:
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "0",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body or b""),
            "CONTENT_LENGTH": str(len(body or b"")),
            "REMOTE_ADDR": "127.0.0.1",
        }
        for name, value in headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
        match = resolve(path)
        response = match.func(WSGIRequest(environ), *match.args, **match.kwargs)
        if hasattr(response, "render"):
            response.render()
        sent = {name.lower(): value for name, value in response.items()}
        return Answer(response.status_code, sent, response.content)

    def close(self) -> None:
        """Nothing is open."""
