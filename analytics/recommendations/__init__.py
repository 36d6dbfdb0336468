from .stage import accept, dismiss, propose, told

__all__ = ["accept", "dismiss", "propose", "told"]
