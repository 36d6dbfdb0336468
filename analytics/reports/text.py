"""The sentences of a report, from its data alone: what is said is in the numbers beside it."""

from __future__ import annotations

from typing import Any

from analytics.research import funnel
from trading import formatting
from trading.strategies.parameters import plain

BEFORE = {"day": "in the 7 days before", "week": "in the 4 weeks before"}
PREVIOUS = {"day": "the day before", "week": "the week before"}
EXITS = 6
WHOLE = 0.99  # of the time: with candles of less it is said how much is missing
FEW = 10  # trades: below, a win rate says nothing and is not put first
Section = dict[str, Any]


def head(data: dict[str, Any]) -> list[dict[str, Any]]:
    """A line per strategy with the reasons behind it."""
    return [
        {
            "strategy": one["strategy"],
            "mode": one["mode"],
            "name": called(one),
            "text": line(one),
            "why": why(one),
        }
        for one in data["strategies"]
    ]


def called(one: Section) -> str:
    """What a line calls a strategy, and whether its trades are on paper."""
    return f"{one['name']} (paper)" if one["mode"] == "paper" else one["name"]


def line(one: Section) -> str:
    """``Win rate 60% (up from 55%, within chance), 42 trades, +0.31% net``."""
    now = one["now"]
    if not now["trades"]:
        return f"No trades{_blocked(one['funnel'])}"
    made = f"{count(now['trades'], 'trade')}, {pct(now['total_pnl_pct'])} net"
    if now["trades"] < FEW:
        return made
    return f"Win rate {rate(now['win_rate'])}{_from(one)}, {made}"


def _from(one: Section) -> str:
    found = one["against_base"]["win_rate"]
    if found is None:
        return ""
    now, before = rate(found["now"]), rate(found["before"])
    if now == before:
        return f" (as before, {before})"
    way = "up" if found["now"] > found["before"] else "down"
    sure = "beyond chance" if found["beyond_chance"] else "within chance"
    return f" ({way} from {before}, {sure})"


def _blocked(counts: dict[str, Any]) -> str:
    """Why there was no trade, in a few words."""
    found = counts["replayed"] or counts["counted"]
    if not found:
        return " (no candles are stored that would say why)"
    where = "of the replay" if counts["replayed"] else "of the bot"
    if counts["replayed"] and found["trades"]:
        return f" (a replay of the time would have made {found['trades']})"
    if not found["evaluations"]:
        return f" (never ready to enter, {where[3:]} says)"
    if not found["most"]:
        return f" ({looks(found['evaluations'])} {where}, nothing was blocked)"
    blocked = next(step[2] for step in found["steps"] if step[0] == found["most"])
    share = blocked / found["evaluations"]
    return (
        f" ({formatting.label(found['most'])} blocked {share:.0%} of "
        f"{looks(found['evaluations'])} {where})"
    )


def why(one: Section) -> list[str]:
    """What stands behind the line: how sure it is, what changed, what happened."""
    said = [*_sure(one), *_why_none(one), *_reasons(one)]
    said += [
        f"Version {change['version']} went live on {day(change['at'])}: {change['sentence']}"
        for change in one["changes"]
    ]
    said += [f"Alert, {each['said'].lower()}: {each['sentence']}" for each in one["alerts"]]
    return said + [_experiment(each) for each in one["experiments"]]


def _sure(one: Section) -> list[str]:
    now, found = one["now"], one["against_base"]["avg_pnl_pct"]
    if not now["trades"]:
        return []
    average = f"The average trade made {pct(now['avg_pnl_pct'], 3)}"
    if found is None:
        return [f"{average}; there is too little before to hold it against."]
    before = f"{pct(found['before'], 3)} {BEFORE[one['kind']]}{_few(one)}"
    said = [f"{average}, against {before}: {_apart(found)}."]
    if one["against_previous"]["avg_pnl_pct"] and one["base"] != one["previous"]:
        said.append(f"{_since(one)}.")
    return said + [_version(each) for each in one["versions"] if len(one["versions"]) > 1]


def _few(one: Section) -> str:
    """Of how many days that is, where it is not of all of them."""
    days = one["base_days"]
    return (
        ""
        if days >= (7 if one["kind"] == "day" else 28)
        else (f" (trades on {count(days, 'day')})")
    )


def _apart(found: dict[str, Any]) -> str:
    """Whether a difference is more than chance, with its interval."""
    bounds = f"{signed(found['low'])} to {signed(found['high'])} percentage points"
    if not found["beyond_chance"]:
        return f"the difference is within what chance brings ({bounds})"
    way = "better" if found["now"] > found["before"] else "worse"
    return f"{way}, by more than chance explains ({bounds})"


def _since(one: Section) -> str:
    """What changed since the day, or the week, before."""
    found = one["against_previous"]["avg_pnl_pct"]
    return f"Since {PREVIOUS[one['kind']]} ({pct(found['before'], 3)}): {_apart(found)}"


def _version(one: dict[str, Any]) -> str:
    """A parameter set in a line, against what the same one made before."""
    name = f"Version {one['key']}" if one["key"] else "Unknown parameters"
    made = f"{name}: {count(one['trades'], 'trade')}, {pct(one['avg_pnl_pct'], 3)} on average"
    found = one["against_base"] and one["against_base"]["avg_pnl_pct"]
    if not found:
        return f"{made}; too little of it before."
    return f"{made}, against {pct(found['before'], 3)} before: {_apart(found)}."


def _why_none(one: Section) -> list[str]:
    counts, said = one["funnel"], []
    if counts["counted"]:
        said.append(f"Counted by the bot: {counts['counted']['sentence']}.")
    found = counts["replayed"]
    if found:
        version = (
            f"version {found['version']}"
            if found["version"]
            else ("the declared defaults, since nothing is known of what was live")
        )
        said.append(f"Replayed on {found['market']} with {version}: {found['sentence']}.")
        if found["covered"] < WHOLE:
            said.append(
                f"Candles are stored for {found['covered']:.0%} of the time; of the rest the "
                "replay says nothing."
            )
        if found["trades"]:
            said.append(
                f"The replay traded {found['trades']} times ({pct(found['total_pnl_pct'])} after "
                "assumed costs) where the bot did not: was it running, and with these values?"
            )
    if counts["doubt"]:
        said.append(f"Replays of it are not trusted: {counts['doubt']}")
    if counts["remark"] and not one["now"]["trades"]:
        said.append(f"It was not replayed: {counts['remark']}.")
    return said


def _reasons(one: Section) -> list[str]:
    if not one["now"]["trades"]:
        return []
    parts = [
        f"{formatting.label(each['key']) or 'no reason'} {each['trades']} "
        f"({pct(each['total_pnl_pct'])})"
        for each in one["reasons"][:EXITS]
    ]
    more = len(one["reasons"]) - EXITS
    parts += [f"{count(more, 'other reason')}"] if more > 0 else []
    return [f"Exits: {', '.join(parts)}."]


def _experiment(one: dict[str, Any]) -> str:
    state = f"ended ({one['end_reason']})" if one["ended"] else "runs"
    told = " ".join(one["sentences"])
    return f"Experiment {one['name']} {state} with {count(one['trades'], 'trade')}. {told}".strip()


def news(data: dict[str, Any]) -> bool:
    """Whether anything happened that is worth a message."""
    return bool(data["alerts"]) or any(
        one["now"]["trades"]
        or one["alerts"]
        or one["experiments"]
        or any(change["at"] >= data["since"] for change in one["changes"])
        for one in data["strategies"]
    )


def pct(value: float | None, digits: int = 2) -> str:
    """A signed result in percent: ``+0.15%``; a dash where there is none."""
    return formatting.NOTHING if value is None else f"{round(value, digits) + 0.0:+.{digits}f}%"


def signed(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"


def rate(value: float | None) -> str:
    return formatting.NOTHING if value is None else f"{value:.0%}"


def count(number: int, what: str) -> str:
    """``5,512 trades``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def looks(number: int) -> str:
    """Evaluations, as a funnel writes them: ``5 512 evaluations``."""
    return f"{funnel.number(number)} evaluation{'' if number == 1 else 's'}"


def day(text: str) -> str:
    """The day of a moment."""
    return text[:10]


def setting(value: Any) -> str:
    """A value of a parameter as people write it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return formatting.setting(value)
    return plain(value)


def title(data: dict[str, Any]) -> str:
    """``Daily Insights (2025-11-17)``."""
    what = "Weekly" if data["kind"] == "week" else "Daily"
    so_far = "" if data["complete"] else ", so far"
    return f"{what} Insights ({data['day']}{so_far})"


def first(proposals: list[dict[str, Any]]) -> str:
    """The weightiest recommendation in a line."""
    return proposals[0]["sentence"] if proposals else "none."


def text(data: dict[str, Any], proposals: list[dict[str, Any]]) -> str:
    """The head, and the why of each line, as plain text."""
    lines = [f"{title(data)} of {data['bot']}:"]
    lines += [f"- {one['name']}: {one['text']}" for one in data["head"]]
    if not data["head"]:
        lines.append("- No strategy is known yet.")
    lines.append(f"- Recommendation: {first(proposals)}")
    for one in data["head"]:
        if one["why"]:
            lines += ["", f"{one['name']}:", *(f"  {said}" for said in one["why"])]
    lines += ["", *(f"Alert, {one['said'].lower()}: {one['sentence']}" for one in data["alerts"])]
    for one in proposals:
        lines += ["", f"Recommendation ({one['confidence']} confidence): {one['sentence']}"]
        lines += [f"  {each['text']}" for each in one["evidence"]]
        lines += [f"  Risk: {one['risk']}"] if one["risk"] else []
        lines += [f"  Test: {one['test']}"] if one["test"] else []
    return "\n".join(lines).strip() + "\n"
