"""The service that changes parameters: ``promote``, ``roll_back``, ``instance_for``.

Admin, API, experiments and commands call it and nothing else changes parameters. ``served``
returns what a bot is served, ``outcomes`` the effect of each change.
"""

from .errors import Refused
from .live import instance_for, live_for, promote, roll_back, set_aside

__all__ = ["Refused", "instance_for", "live_for", "promote", "roll_back", "set_aside"]
