"""What to do next, from a report: ``propose``, then ``accept`` or ``dismiss``.

``kinds`` has one file per kind of recommendation, ``apply`` puts one into effect, and
``track_record`` says which were right.
"""

from .stage import accept, dismiss, propose, to_data

__all__ = ["accept", "dismiss", "propose", "to_data"]
