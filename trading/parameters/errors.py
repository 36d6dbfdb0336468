"""Reasons to refuse a change of parameters, and checks of the texts of a change."""

from __future__ import annotations

from collections.abc import Mapping

from trading.models import ParameterSet
from trading.parameters.diff import difference
from trading.validation import limits

REASON_LENGTH = 500


class Refused(ValueError):
    """A refused change; ``errors`` maps a field or parameter to its messages."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        self.errors = {name: list(messages) for name, messages in errors.items()}
        super().__init__("; ".join(f"{name}: {' '.join(text)}" for name, text in errors.items()))


class Frozen(Refused):
    """The parameters of the bot or the strategy are frozen."""


class Experimenting(Refused):
    """An experiment compares the live parameters with others."""


class Stale(Refused):
    """Another version went live since the author looked.

    ``seen`` is the set that the author saw, ``became`` the one that is live, and ``difference``
    the rows between the two.
    """

    def __init__(self, seen: ParameterSet, became: ParameterSet) -> None:
        self.seen, self.became = seen, became
        self.difference = difference(became.instance, seen.values, became.values)
        who = became.author.get_username() if became.author else became.origin
        super().__init__(
            {
                "seen": [
                    f"Version {became.version} ({who}) went live since you saw version "
                    f"{seen.version}: look at what changed, then make your change again."
                ]
            }
        )


def reason(given: str) -> str:
    """The reason without surrounding blanks. Raises Refused if it is missing or too long."""
    given = (given or "").strip()
    if not given:
        raise Refused({"reason": ["Say what changes and why; it is what you will look for later."]})
    return storable("reason", given, REASON_LENGTH)


def storable(field: str, text: str, length: int) -> str:
    """The text, if every database can store it. Raises Refused."""
    if len(text) > length:
        raise Refused({field: [f"At most {length} characters; these are {len(text)}."]})
    try:
        return limits.text(text, length)
    except ValueError as error:
        raise Refused({field: [f"This {error}."]}) from error
