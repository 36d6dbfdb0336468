"""The address the web server listens on."""

from __future__ import annotations

import errno
import http.client
import socket

from django.conf import settings
from django.core.management.base import CommandError


def listen(host: str, port: int) -> socket.socket:
    """Open the port before anything else, so that no other program takes it meanwhile.

    Port 0 takes any free one. Raises CommandError with one sentence.
    """
    if not 0 <= port <= 65535:
        raise CommandError(f"--port must be 0 to 65535, not {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise CommandError(_reason(error, host, port)) from None


def _reason(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"--host {host} is not an address of this machine"
    name = errno.errorcode.get(error.errno or 0, "")
    advice = {
        "EADDRINUSE": "is in use: stop the program that uses it, or choose another with --port",
        "EACCES": "is reserved for the system: choose one above 1023 with --port",
        "EADDRNOTAVAIL": "cannot be used: this machine does not have that address (--host)",
    }
    return f"port {port} on {host} {advice.get(name, f'cannot be used: {error.strerror}')}"


def local_url(listener: socket.socket) -> str:
    """The address to type into a browser on this machine."""
    host, port = _reachable(listener)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def answers(listener: socket.socket) -> bool:
    """Whether the server answers; a refusal counts."""
    host, port = _reachable(listener)
    names = [name for name in settings.ALLOWED_HOSTS if name[0] not in "*."]
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("HEAD", "/", headers={"Host": names[0] if names else host})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def _reachable(listener: socket.socket) -> tuple[str, int]:
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port
