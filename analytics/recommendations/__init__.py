"""What to try next: ``propose`` derives recommendations from a report, ``accept`` and ``dismiss`` decide
them, ``track_record`` says which came true. One file per kind in ``kinds``.
"""

from .stage import accept, dismiss, propose, told

__all__ = ["accept", "dismiss", "propose", "told"]
