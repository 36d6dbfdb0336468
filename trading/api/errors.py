"""Every error as JSON, and none a 500 that the input caused."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from trading.api.body import TooLarge

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
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": "Bad request."}, status=status.HTTP_400_BAD_REQUEST)
    return None
