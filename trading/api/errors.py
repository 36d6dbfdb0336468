"""DRF's EXCEPTION_HANDLER and the error pages: JSON, and never a 500 caused by the input."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler

from trading.api.parsers import TooLarge
from trading.models import Bot

log = logging.getLogger(__name__)
RETRY_SECONDS = 2


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler, and answers for what databases and parsers raise."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    response = exception_handler(error, context)
    if response is not None:
        return response
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("database unavailable: %s", error)
        return Response(
            {"detail": "The database cannot be reached right now; send this again."},
            status=status.HTTP_503_SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    if isinstance(error, DataError | OverflowError | RecursionError | UnicodeError):
        log.warning("refused input: %s", type(error).__name__)
        return Response(
            {"detail": "The request holds something that cannot be stored."},
            status=status.HTTP_400_BAD_REQUEST,
        )
    if isinstance(error, IntegrityError) and not _bot_is_gone(context["request"]):
        # Two requests met, or the bot was deleted meanwhile; logged, since it may be a bug.
        log.exception("conflict with a concurrent write")
        return Response(
            {"detail": "Something else changed at the same time; send this again."},
            status=status.HTTP_409_CONFLICT,
        )
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": "Bad request."}, status=status.HTTP_400_BAD_REQUEST)
    if isinstance(error, UnreadablePostError):
        return Response(
            {"detail": "The body ended before it was read."}, status=status.HTTP_400_BAD_REQUEST
        )
    if _bot_is_gone(context["request"]):
        # Its token is still cached, and what it writes has nothing to belong to.
        return Response({"detail": "The bot was deleted."}, status=status.HTTP_401_UNAUTHORIZED)
    return None


def _bot_is_gone(request: Request) -> bool:
    try:
        token: Any = request.auth
        return token is not None and not Bot.objects.filter(pk=token.bot_id).exists()
    except DatabaseError:
        return False


@csrf_exempt
def no_such_address(request: HttpRequest, **kwargs: Any) -> JsonResponse:
    """404 for any other URL below /api/.

    A missing slash at the end is not redirected: the bot would send a GET, and lose its body.
    """
    hint = "" if request.path.endswith("/") else "; addresses end with a slash"
    return JsonResponse(
        {"detail": f"There is nothing at this address{hint}. See /api/docs/."},
        status=status.HTTP_404_NOT_FOUND,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if _of_api(request):
        return JsonResponse({"detail": "Bad request."}, status=status.HTTP_400_BAD_REQUEST)
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if _of_api(request):
        return JsonResponse({"detail": "Server error; it is in the log."}, status=500)
    return defaults.server_error(request)


def _of_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
