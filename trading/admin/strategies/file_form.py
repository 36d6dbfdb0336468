"""The form that takes a set from a file."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms

from trading.admin.forms import REASON, ReasonForm
from trading.validation import limits

LARGEST = 65_536  # bytes of a document with a set


class SetFileForm(ReasonForm):
    """A set from a file, or its text, and why it comes; ``document`` is what it holds."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, max_length=LARGEST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, help_text="Where these values come from, and why.", **kwargs)
        self.fields["file"].widget.attrs |= {
            "class": "sl-input sl-file",
            "accept": ".json,application/json",
        }
        attrs = {"rows": 6, "class": "sl-input sl-mono", "spellcheck": "false"}
        self.fields["text"].widget = forms.Textarea(attrs=attrs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        place = "file" if cleaned.get("file") else "text"
        if place in self.errors or "text" in self.errors:
            return cleaned
        self._keep(cleaned.get("file"))
        try:
            cleaned["document"] = _json(cleaned.get("file") or cleaned.get("text") or "")
        except ValueError as error:
            self.add_error(place, str(error))
        return cleaned

    def _keep(self, file: Any) -> None:
        """A browser does not send a file twice: shown again, the form has what the file held."""
        if file and file.size <= LARGEST:
            self.data = self.data.copy()
            self.data["text"] = file.read().decode("utf-8", "replace")
            file.seek(0)

    def blame(self, name: str, texts: list[str]) -> None:
        """Show why a document or its reason was refused."""
        place = name if name == REASON else "file" if self.cleaned_data.get("file") else "text"
        self.add_error(place, texts)


def _json(given: Any) -> object:
    """The document in a text or an uploaded file. Raises ValueError with a sentence."""
    if not given:
        raise ValueError("Choose a file, or paste what it holds.")
    if not isinstance(given, str):
        if given.size > LARGEST:
            raise ValueError(f"The file is larger than {LARGEST // 1024} kB.")
        given = given.read()
    try:
        return limits.json_value(msgspec.json.decode(given), LARGEST)
    except RecursionError as error:
        raise ValueError("This is no JSON document of a set: it is nested too deeply.") from error
    except ValueError as error:
        raise ValueError(f"This is no JSON document: {error}.") from error
