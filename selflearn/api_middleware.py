"""The way of bots through Django, past all the middleware that only pages need.

A bot has no session, no messages, no login and no forms: it shows its token. What makes an answer
safe (HTTPS, the check of the host, its headers) and what is logged of it is the same as for pages.
"""

from __future__ import annotations

from functools import lru_cache

from csp.constants import HEADER as POLICY
from csp.utils import build_policy
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.middleware.security import SecurityMiddleware
from django.urls import resolve

from trading.api.middleware import RequestLog

API = "/api/v1/"
_view_of = lru_cache(maxsize=500)(resolve)  # bots ask the same few addresses over and over


class ShortWay:
    """Before all that pages need: requests of bots go on from here to their view."""

    def __init__(self, get_response):
        self._pages = get_response
        self._bots = SecurityMiddleware(RequestLog(self._framed))
        # An error becomes its answer before that is logged and gets its headers.
        self._answer = convert_exception_to_response(self._ask)
        self._headers = {POLICY: build_policy(), "X-Frame-Options": settings.X_FRAME_OPTIONS}

    def __call__(self, request):
        if request.path_info.startswith(API):
            return self._bots(request)
        return self._pages(request)

    def _framed(self, request):
        response = self._answer(request)
        headers = response.headers
        headers.setdefault("Content-Length", str(len(response.content)))
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        return response

    @staticmethod
    def _ask(request):
        request.get_host()  # refuses hosts that are not ours
        match = request.resolver_match = _view_of(request.path_info)
        response = match.func(request, *match.args, **match.kwargs)
        return response.render() if hasattr(response, "render") else response
