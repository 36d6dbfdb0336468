#!/usr/bin/env python3
"""What parameter changes did, and what each value of a parameter did, over a history of changes.

Twelve versions of each strategy follow each other and take four values in turn. Ours are sums of
days; the peer reads the trades through the ORM's ``values()`` into pandas.
"""

from __future__ import annotations

import ground

if __name__ == "__main__":
    ground.ensure_packages()

import numpy as np
import synthetic
from figures import Table, in_turns, milliseconds, once
from generate_trades import VARIED, history

PAGE_BAR = 0.3  # seconds of a page at the largest size
PEER_MOST = 1_000_000  # trades that the peer is given: beyond, it takes minutes and gigabytes
REPEATS = 5


def instance():
    from trading.models import StrategyInstance

    return StrategyInstance.objects.get(strategy=synthetic.STRATEGIES[0])


def outcomes():
    from trading.parameters.outcomes import of_changes

    return of_changes(instance())


def values():
    from trading.parameters.by_value import of

    return of(instance(), VARIED)


def table_of_changes():
    from trading.parameters.history import rows

    return rows([instance()])


def side_by_side():
    from trading.parameters.compare import compare

    newest, before, *_ = instance().parameter_sets.all()
    return compare(before, newest)


def by_version() -> dict:
    """{version: (trades, average, win rate, max drawdown along time)}."""
    return _measured(dict(instance().parameter_sets.values_list("id", "version")))


def by_value() -> dict:
    """The same by the value of the parameter in which the versions differ."""
    sets = instance().parameter_sets.values_list("id", "values")
    return _measured({key: values[VARIED] for key, values in sets})


def _measured(keys: dict) -> dict:
    import pandas as pd

    from trading.models import Trade

    rows = Trade.objects.filter(book__instance=instance()).order_by("exit_at")
    frame = pd.DataFrame(rows.values("parameter_set", "pnl_pct"))
    found = {}
    for key, r in frame.groupby(frame["parameter_set"].map(keys))["pnl_pct"]:
        run = r.cumsum()
        fall = (run.cummax().clip(lower=0) - run).max()
        found[key] = (len(r), r.mean(), (r > 0).mean(), fall)
    return found


def assert_equal(mine: dict, theirs: dict) -> None:
    names = ("trades", "avg_pnl_pct", "win_rate", "max_drawdown_pct")
    assert mine.keys() == theirs.keys()
    for key, metrics in mine.items():
        assert np.allclose([metrics[name] for name in names], theirs[key], rtol=1e-8, atol=1e-8)


def compare(table: Table, trades: int, largest: bool) -> None:
    """Both results are the same; beyond PEER_MOST trades the peer is left out."""
    peers = {}
    if trades <= PEER_MOST:
        mine = {one.after.version: one.after_metrics for one in outcomes() if one.after_metrics}
        assert_equal(mine, by_version())
        assert_equal({one.value: one.metrics for one in values().values if one.metrics}, by_value())
        peers = {peer: once(peer) for peer in (by_version, by_value)}
    for what, ours, peer in (
        ("outcomes of all changes", outcomes, by_version),
        ("the flat table of changes", table_of_changes, by_version),
        (f"values of {VARIED}", values, by_value),
        ("two versions side by side", side_by_side, by_version),
    ):
        (took,) = in_turns((ours,), REPEATS)
        what, bar = f"{what}, {trades:,} trades", PAGE_BAR if largest else None
        table.at_most(what, took, bar, milliseconds, took, peers.get(peer))


def main() -> None:
    parser = ground.parser(__doc__.splitlines()[0], trades=[100_000, 1_000_000, 10_000_000])
    arguments = parser.parse_args()
    sizes = sorted(arguments.trades)
    with ground.opened(arguments) as place:
        table = Table(f"Changes of parameters, {place.vendor}")
        for trades in sizes:
            history(place, trades, in_turn=True)
            compare(table, trades, trades == sizes[-1])
        table.show()


if __name__ == "__main__":
    main()
