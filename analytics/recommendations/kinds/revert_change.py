"""The newest change of parameters: to be taken back, or to be waited for."""

from __future__ import annotations

from typing import Any

from analytics.reports import text as words
from trading.parameters.verdict import WORSE, rounded

from .base import Case, Confidence, Kind, Proposal


def propose(case: Case) -> list[Proposal]:
    if not case.section["changes"]:
        return []
    newest = case.section["changes"][0]
    if newest["version"] != case.section["version"]:
        return []
    if newest["word"] == WORSE and newest["compared"]:
        return [_back(case, newest)]
    return [_wait(case, newest)] if newest["more_trades"] else []


def _back(case: Case, change: dict[str, Any]) -> Proposal:
    version, before = change["version"], change["compared"]
    return Proposal(
        Kind.ROLLBACK,
        f"rollback:{version}:{before}",
        f"Take version {version} of {case.instance.name} back: since it went live the average "
        f"trade fell; version {before} did better.",
        [{"text": change["sentence"], "version": version}],
        100.0,
        Confidence.MEDIUM,
        {name: [new, old] for name, old, new in change["parameters"]},
        risk="Before and after are not the same market: part of the fall may be the market's.",
        test="An experiment of both versions side by side.",
    )


def _wait(case: Case, change: dict[str, Any]) -> Proposal:
    more = words.count(rounded(change["more_trades"]), "more trade")
    return Proposal(
        Kind.WAIT,
        f"wait:{change['version']}",
        f"Wait for about {more} of {case.instance.name} before the next change.",
        [
            {
                "text": f"Version {change['version']}: {change['sentence']}",
                "version": change["version"],
            }
        ],
        30.0,
        Confidence.HIGH,
        risk="None: nothing is changed.",
    )
