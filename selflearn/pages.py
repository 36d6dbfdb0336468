"""Middleware that pages need and bots do not: requests to the API pass it by.

What makes an answer safe (its headers, the check of its host, of forged requests) stays for all.
"""

from __future__ import annotations

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware

API = "/api/v1/"  # a bot has no session, no messages and no login: it shows its token


class _PagesOnly:
    def __call__(self, request):
        if request.path_info.startswith(API):
            return self.get_response(request)
        return super().__call__(request)


class Sessions(_PagesOnly, SessionMiddleware):
    pass


class Users(_PagesOnly, AuthenticationMiddleware):
    pass


class Messages(_PagesOnly, MessageMiddleware):
    pass
