"""What to try next, from a report: ``propose``, then ``accept`` or ``dismiss``.

``track_record`` says which recommendations came true; ``kinds`` has one file per kind.
"""

from .stage import accept, dismiss, propose, told

__all__ = ["accept", "dismiss", "propose", "told"]
