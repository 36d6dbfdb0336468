"""How values read on pages, in mails and in commands: numbers, money, durations, times; CSV export.
``formatting.result(0.054, "%", 3)`` gives ``+0.054%``.
"""

from .values import (
    NOTHING,
    Cell,
    amount,
    count,
    counted,
    duration,
    interval,
    label,
    minute,
    moment,
    money,
    nothing,
    percent,
    result,
    setting,
    signed,
    thin,
    value,
    with_unit,
)

__all__ = [
    "NOTHING",
    "Cell",
    "amount",
    "count",
    "counted",
    "duration",
    "interval",
    "label",
    "minute",
    "moment",
    "money",
    "nothing",
    "percent",
    "result",
    "setting",
    "signed",
    "thin",
    "value",
    "with_unit",
]
