from .values import (
    NOTHING,
    Cell,
    amount,
    count,
    duration,
    interval,
    label,
    moment,
    money,
    nothing,
    result,
    setting,
    thin,
    value,
)

__all__ = ["Cell", "NOTHING", "amount", "count", "duration", "interval", "label", "moment", "money", "nothing", "result", "setting", "thin", "value"]
