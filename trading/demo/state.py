"""Whether the demo is here; asked each minute, so without loading what makes it."""

from __future__ import annotations

from trading.models import Bot, StateEntry

NAME, STATE = "demo", "demo"


class Taken(Exception):
    """A bot of the demo's name is there, and it is not the demo's."""


def find() -> Bot | None:
    """The demo's bot. Raises Taken."""
    bot = Bot.objects.filter(name=NAME).first()
    if bot and not StateEntry.objects.filter(bot=bot, key=STATE).exists():
        raise Taken(f'a bot named "{NAME}" exists and is not the demo; rename it first')
    return bot


def there() -> bool:
    """Whether there is a demo that could live on."""
    return StateEntry.objects.filter(bot__name=NAME, key=STATE).exists()
