"""The form that imports parameters from a file."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms

from trading.admin.forms import REASON, ReasonForm
from trading.validation import limits

LARGEST = 65_536  # bytes of a document


class SetFileForm(ReasonForm):
    """Parameters from a file or pasted text; ``document`` is the parsed JSON."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, max_length=LARGEST)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args, help_text="Where these values come from and why they go live.", **kwargs
        )
        self.fields["file"].widget.attrs |= {
            "class": "sl-input sl-file",
            "accept": ".json,application/json",
        }
        attrs = {"rows": 6, "class": "sl-input sl-mono", "spellcheck": "false"}
        self.fields["text"].widget = forms.Textarea(attrs=attrs)

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
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
        """Keep the text of the file: browsers do not send a file again."""
        if file and file.size <= LARGEST:
            text = file.read().decode("utf-8", "replace")
            self.data = {**{name: self.data[name] for name in self.data}, "text": text}
            file.seek(0)

    def add_errors(self, name: str, texts: list[str]) -> None:
        """Show errors at the document or the reason."""
        place = name if name == REASON else "file" if self.cleaned_data.get("file") else "text"
        self.add_error(place, texts)


def _json(given: Any) -> object:
    """The document in a text or an uploaded file. Raises ValueError with a message."""
    if not given:
        raise ValueError("Choose a file or paste its text.")
    if not isinstance(given, str):
        if given.size > LARGEST:
            raise ValueError(f"The file is larger than {LARGEST // 1024} kB.")
        given = given.read()
    try:
        return limits.json_value(msgspec.json.decode(given), LARGEST)
    except RecursionError as error:
        raise ValueError("Not a valid JSON document: it is nested too deeply.") from error
    except ValueError as error:
        raise ValueError(f"Not a valid JSON document: {error}.") from error
