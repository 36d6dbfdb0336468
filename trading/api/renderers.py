"""DRF's renderer of answers: JSON, written by msgspec."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from rest_framework.renderers import BaseRenderer


class MsgspecJSONRenderer(BaseRenderer):
    """Writes dicts, lists and structs as JSON."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else encode(data)


def encode(data: Any) -> bytes:
    try:
        return msgspec.json.encode(data, enc_hook=_to_plain)
    except UnicodeEncodeError:
        # An error may quote a name that is not valid Unicode.
        text = json.dumps(data, default=_to_plain, ensure_ascii=False)
        return text.encode("utf-8", "replace")


def _to_plain(value: Any) -> Any:
    """Plain forms of numpy's numbers in metrics, and of the subclasses that DRF's errors are."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list | tuple):
        return list(value)
    return str(value)
