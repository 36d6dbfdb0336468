from .live import Refused, instance_for, live_for, promote, roll_back, set_aside

__all__ = ["Refused", "instance_for", "live_for", "promote", "roll_back", "set_aside"]
