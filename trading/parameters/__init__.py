"""The one service that changes parameters: ``promote``, ``roll_back``, ``instance_for``.

Admin, API, experiments and commands call it; ``served`` answers what a bot is served, ``outcomes``
what each change did.
"""

from .live import Refused, instance_for, live_for, promote, roll_back, set_aside

__all__ = ["Refused", "instance_for", "live_for", "promote", "roll_back", "set_aside"]
