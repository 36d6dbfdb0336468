"""Every error as JSON, and none a 500 that the input caused."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import JsonResponse, UnreadablePostError
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from trading.api.body import TooLarge
from trading.models import Bot

log = logging.getLogger(__name__)
RETRY_SECONDS = 2


def handle(error: Exception, context: dict) -> Response | None:
    """DRF's handler, and beside it what databases and parsers raise."""
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    answer = exception_handler(error, context)
    if answer is not None:
        return answer
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("the database did not answer: %s", error)
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
        # Two requests met, or the bot was deleted meanwhile; said aloud, since it may be a fault.
        log.exception("a write contradicted what another wrote")
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
        # Its token is remembered for seconds, and what it writes has nothing to belong to.
        return Response({"detail": "The bot was deleted."}, status=status.HTTP_401_UNAUTHORIZED)
    return None


def _bot_is_gone(request) -> bool:
    token = getattr(request._request, "token", None)
    try:
        return token is not None and not Bot.objects.filter(pk=token.bot_id).exists()
    except DatabaseError:
        return False


@csrf_exempt
def no_such_address(request, **kwargs) -> JsonResponse:
    """Whatever lies below the API and is not there. A bot that forgot the slash at the end must
    not be sent on: it would arrive with a GET, and what it sent would be lost."""
    hint = "" if request.path.endswith("/") else "; addresses end with a slash"
    return JsonResponse(
        {"detail": f"There is nothing at this address{hint}. See /api/docs/."},
        status=status.HTTP_404_NOT_FOUND,
    )


def bad_request(request, exception) -> object:
    if _of_api(request):
        return JsonResponse({"detail": "Bad request."}, status=status.HTTP_400_BAD_REQUEST)
    return defaults.bad_request(request, exception)


def server_error(request) -> object:
    if _of_api(request):
        return JsonResponse({"detail": "Server error; it is in the log."}, status=500)
    return defaults.server_error(request)


def _of_api(request) -> bool:
    return request.path.startswith("/api/")
