from .lifecycle import end, keep, promote, start

__all__ = ["end", "keep", "promote", "start"]
