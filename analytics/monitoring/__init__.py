from .stage import active, analyze, monitor, pulse

__all__ = ["active", "analyze", "monitor", "pulse"]
