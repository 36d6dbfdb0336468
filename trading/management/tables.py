"""Metrics as text for a terminal, and as flat rows for CSV."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.ledger.amounts import plain
from trading.performance import Group

_SHOWN = (
    ("trades", "trades", "{:d}"),
    ("win_rate", "win rate", "{:.1%}"),
    ("avg_pnl_pct", "avg %", "{:+.4f}"),
    ("total_pnl_pct", "total %", "{:+.4f}"),
    ("profit_factor", "PF", "{:.2f}"),
    ("max_drawdown_pct", "max DD %", "{:.4f}"),
    ("sharpe", "Sharpe", "{:.2f}"),
)
_DASH = "-"


def columns(by: str, groups: Sequence[Group]) -> str:
    """A line per group: the key to the left, numbers to the right."""
    titles = [by, *(title for _, title, _ in _SHOWN), "PnL"]
    lines = [titles]
    for group in groups:
        cells = [_cell(group.metrics[name], form) for name, _, form in _SHOWN]
        lines.append([str(group.key), *cells, _money(group.metrics["total_pnl"])])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def details(group: Group) -> str:
    """Every metric of one group on a line of its own."""
    width = max(map(len, group.metrics))
    return "\n".join(
        f"{name.ljust(width)}  {_any(name, value)}" for name, value in group.metrics.items()
    )


def flat(group: Group) -> dict[str, object]:
    """One level of columns: money by currency, intervals by end."""
    row: dict[str, object] = {"key": group.key}
    for name, value in group.metrics.items():
        if isinstance(value, dict):
            row |= {
                f"{name}_{currency}": Decimal(plain(amount)) for currency, amount in value.items()
            }
        elif name.endswith("_interval"):
            low, high = value or (None, None)
            row |= {f"{name}_low": low, f"{name}_high": high}
        else:
            row[name] = value
    return row


def _cell(value: float | None, form: str) -> str:
    return _DASH if value is None else form.format(value)


def _money(amounts: dict[str, Decimal]) -> str:
    return ", ".join(f"{amount:+.2f} {name}" for name, amount in amounts.items()) or _DASH


def _any(name: str, value: object) -> str:
    if value is None:
        return _DASH
    if isinstance(value, dict):
        return ", ".join(f"{plain(amount)} {key}" for key, amount in value.items()) or _DASH
    if isinstance(value, tuple):
        return " to ".join(f"{end:.6g}" for end in value) + "  (95 %)"
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
