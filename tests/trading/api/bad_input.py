"""Input that a bot sends by mistake or somebody on purpose: what is sent, and what is said.

Each case is a change to a sound trade (``...`` takes a field away), or a body of bytes, with the
status that is promised and the field that the error names.
"""

from __future__ import annotations

import json
from typing import Any

from tests.trading.story import MONDAY_SECONDS, payload

NUL, LONE = "\x00", "\ud800"
TYPE = "application/json"


def body(**changes: Any) -> bytes:
    """A trade as JSON, with the changes; a field that is ``...`` stays away."""
    trade = {name: value for name, value in payload(**changes).items() if value is not ...}
    return json.dumps(trade).encode()


def literal(name: str, text: str) -> bytes:
    """A trade whose one field is written as no JSON library would."""
    return body(**{name: "@@"}).replace(b'"@@"', text.encode())


# What is sent, and what is answered: 201 is stored, the others store nothing.
BODIES: dict[str, tuple[bytes, int]] = {
    "J1": (body(), 201),
    "J2": (b"", 400),
    "J3": (b"  \r\n ", 400),
    "J4": (body()[:-9], 400),
    "J5": (b"null", 400),
    "J6": (b'"a trade"', 400),
    "J7": (b"7", 400),
    "J8": (b"[[]]", 400),
    "J9": (body()[:-1] + b', "size": 1}', 400),
    "J10": (literal("pnl", "NaN"), 400),
    "J11": (literal("pnl", "Infinity"), 400),
    "J12": (literal("pnl", "-Infinity"), 400),
    "J13": (literal("pnl", "1e999"), 400),
    "J17": (literal("context", '{"a": NaN}'), 400),
    "J18": (literal("context", '{"a": 1e999}'), 400),
    "J19": (literal("context", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"), 400),
    "J20": (literal("context", '{"a": ' + "[" * 900 + "]" * 900 + "}"), 400),
    "J21": (literal("revision", "1" * 4_301), 400),
    "J22": (literal("context", '{"a": ' + "1" * 4_301 + "}"), 400),
    "J22, 4 300 digits": (literal("context", '{"a": ' + "1" * 4_300 + "}"), 400),
    "J23": (b"\xef\xbb\xbf" + body(), 400),
    "J24": (body().decode().encode("utf-16"), 400),
    "J25": (body(tag="@@").replace(b"@@", b"\xff\xfe"), 400),
    "J26": (body(tag=LONE), 400),
    "J27": (body(tag=NUL), 400),
    "J28": (body(context={"a": NUL}), 400),
    "J28, a key": (body(context={NUL: 1}), 400),
    "J29": (body(context={"a": LONE}), 400),
    "J29, a key": (body(context={LONE: 1}), 400),
    "J30": (body(id=f"a{NUL}"), 400),
    "J31": (body(tag="x" * 5_000_000), 413),
    "J38": (body() + b" // closed well", 400),
    "J39": (body() + b"}", 400),
    "J40": (body(sise=1), 400),
    "J40, no Unicode": (body(**{LONE: 1}), 400),
    "B6": (b"[null, null]", 400),
    "B7": (json.dumps(list(range(20_000))).encode(), 413),
}
# The type that is claimed, and the answer.
TYPES = {
    "J32": ("application/x-www-form-urlencoded", 415),
    "J33": ("text/plain", 415),
    "J34": ("application/json;charset=latin1", 415),
    "J35": ("application/json; charset=bogus", 415),
    "J36": ("", 415),
    "R3": ("application/json; charset=bz2_codec", 415),
    "the charset that it is": ('application/json; charset="UTF-8"', 201),
    "J+": ("application/vnd.api+json", 415),
}
BIG_CONTEXT = {f"k{number}": "x" * 100 for number in range(20_000)}
# Changes to a sound trade; the field that the error names, None where it is accepted.
FIELDS: dict[str, tuple[dict[str, Any], str | None]] = {
    "J14": ({"pnl_pct": "NaN"}, "pnl_pct"),
    "J15": ({"pnl_pct": "inf"}, "pnl_pct"),
    "J16": ({"pnl_pct": "1e400"}, "pnl_pct"),
    "T1": ({"id": ...}, "id"),
    "T2": ({"id": ""}, "id"),
    "T3": ({"id": None}, "id"),
    "T4": ({"id": 5}, "id"),
    "T5": ({"id": True}, "id"),
    "T6": ({"id": "x" * 65}, "id"),
    "T7": ({"id": "   "}, "id"),
    "T8": ({"id": {}}, "id"),
    "T9": ({"id": ["a"]}, "id"),
    "T10": ({"id": "a\nb"}, "id"),
    "T10, at the end": ({"id": "a\n"}, "id"),
    "T11": ({"id": "t-1 "}, "id"),
    "T12, as any printable text": ({"id": "../../x"}, None),
    "T13": ({"side": "LONG"}, "side"),
    "T14": ({"side": None}, "side"),
    "T15": ({"market": "B" * 65}, "market"),
    "T15, as long as may be": ({"market": "B" * 64}, None),
    "T16": ({"market": "btc-perp"}, None),
    "T17": ({"market": "ВTC-PERP"}, "market"),
    "T18": ({"market": "BTC\u202e-PERP"}, "market"),
    "T19": ({"market": "BTC\u200b-PERP"}, "market"),
    "N1": ({"size": 0}, "size"),
    "N2": ({"size": -1}, "size"),
    "N3": ({"size": "NaN"}, "size"),
    "N4": ({"size": "sNaN"}, "size"),
    "N5": ({"size": "Infinity"}, "size"),
    "N6": ({"size": 1e17}, "size"),
    "N7": ({"size": "1E+1000000"}, "size"),
    "N8": ({"size": 1e-30}, "size"),
    "N9": ({"size": "0.1234567890123"}, None),
    "N10": ({"size": 0.1}, None),
    "N11": ({"size": 0.30000000000000004}, None),
    "N12": ({"size": True}, "size"),
    "N13": ({"size": "1,5"}, "size"),
    "N14": ({"size": "١٢"}, "size"),
    "N15": ({"size": " 1 "}, "size"),
    "N16": ({"size": "1_000"}, "size"),
    "N17": ({"size": "0x10"}, "size"),
    "N18": ({"size": "1" * 1_001}, "size"),
    "N19": ({"size": ""}, "size"),
    "N20": ({"entry_price": 0}, "entry_price"),
    "N21": ({"exit_price": -1}, "exit_price"),
    "N22": ({"fee": -1e15}, "fee"),
    "N23": ({"leverage": 2_147_483_648}, "leverage"),
    "N24": ({"leverage": -1}, "leverage"),
    "N25, a fraction as exchanges have": ({"leverage": 9.9}, None),
    "N26": ({"leverage": 1.0}, None),
    "N27": ({"revision": 2**63}, "revision"),
    "N28": ({"revision": 2**63 - 1}, None),
    "N29": ({"revision": -(2**63) - 1}, "revision"),
    "N29, any negative": ({"revision": -1}, "revision"),
    "N30": ({"pnl": 1e308}, "pnl"),
    "N31": ({"pnl": -0.0}, None),
    "N32": ({"pnl": True}, "pnl"),
    "N33, below what is kept": ({"pnl": "5e-324"}, "pnl"),
    "N34": ({"size": "9999999999999999.999999999999"}, "size"),
    "N35": ({"size": "1234.567890123456"}, None),
    "N36": ({"size": 1e12, "entry_price": 1e6, "exit_price": 1e9}, "size"),
    "N36, in percent": ({"entry_price": 1e-12, "exit_price": 1e12}, "exit_price"),
    "D1": ({"exit_time": "2025-03-03T02:00:00"}, "exit_time"),
    "D2": ({"exit_time": MONDAY_SECONDS + 7200.5}, None),
    "D3": ({"exit_time": (MONDAY_SECONDS + 7200) * 1000}, "exit_time"),
    "D4": ({"exit_time": "2025-03-03"}, "exit_time"),
    "D5": ({"entry_time": "0001-01-01T00:00:00+14:00"}, "entry_time"),
    "D6": ({"exit_time": "9999-12-31T23:59:59-12:00"}, "exit_time"),
    "D7": ({"entry_time": "0000-01-01T00:00:00Z"}, "entry_time"),
    "D8": ({"entry_time": "2025-02-30T00:00:00Z"}, "entry_time"),
    "D9": ({"entry_time": "2025-02-28T23:59:60Z"}, "entry_time"),
    "D10": ({"entry_time": "2025-02-28T23:59:00+25:00"}, "entry_time"),
    "D11": ({"exit_time": MONDAY_SECONDS}, "exit_time"),
    "D12": ({"exit_time": "2035-01-01T00:00:00Z"}, "exit_time"),
    "D13": ({"entry_time": 0}, "entry_time"),
    "D14": ({"exit_time": "2025-03-03T02:00:00.123456789Z"}, None),
    "D15": ({"exit_time": "2025-03-03T02:00:00 Europe/Berlin"}, "exit_time"),
    "D16": ({"exit_time": "10000-01-01T00:00:00Z"}, "exit_time"),
    "D17": ({"exit_time": "2025-W10-1T02:00:00Z"}, "exit_time"),
    "D18": ({"exit_time": "9999-12-31T23:59:59Z"}, "exit_time"),
    "D+ true": ({"exit_time": True}, "exit_time"),
    "D+ a list": ({"exit_time": [1]}, "exit_time"),
    "X1": ({"tag": "<script>alert(1)</script>"}, None),
    "X2": ({"tag": '=HYPERLINK("http://x")'}, None),
    "X3": ({"tag": "a\r\nBcc: all@example.org"}, None),
    "X4": ({"tag": "'; DROP TABLE trading_trade; --"}, None),
    "X5": ({"tag": "{{ settings.SECRET_KEY }}{% debug %}"}, None),
    "X6": ({"strategy": "x" * 41}, "strategy"),
    "X7": ({"tag": "x" * 1_000_000}, "tag"),
    "X8": ({"context": BIG_CONTEXT}, "context"),
    "X9": ({"context": [1]}, "context"),
    "X10": ({"context": dict.fromkeys(map(str, range(50_000)))}, "context"),
    "X10, within 16 kB": (
        {"context": dict.fromkeys((f"{n:x}" for n in range(2_001)), 1)},
        "context",
    ),
    "X11": ({"context": "null"}, "context"),
    "X12": ({"context": {"__proto__": {}}}, "context"),
    "X+ 21 levels": ({"context": {"a": json.loads("[" * 20 + "]" * 20)}}, "context"),
    "X+ a large number": ({"context": {"a": 1e300, "b": 2**64 - 1}}, None),
    "X+ too large a number": ({"context": {"a": 2**64}}, "context"),
    "X+ a common field": ({"context": {"entry_hour": 24}}, "context.entry_hour"),
    "X+ a common field that is none": ({"context": {"mfe_pct": "1"}}, "context.mfe_pct"),
    "I2": ({"pk": 7}, "pk"),
    "I3": ({"id": "T-1"}, None),
    "C+ a currency": ({"currency": "U$"}, "currency"),
    "C+ a mode": ({"mode": "demo"}, "mode"),
    "C+ an arm": ({"arm": NUL}, "arm"),
    "C+ a reason": ({"exit_reason": " "}, "exit_reason"),
    "C+ no strategy": ({"strategy": "rsi_bb@Sol"}, "strategy"),
    "C+ an unknown one": ({"strategy": "nobody"}, "strategy"),
    "C+ no Unicode": ({"strategy": LONE}, "strategy"),
    "C+ a version": ({"parameter_set": 2**63}, "parameter_set"),
    "C+ a percentage": ({"pnl_pct": 1e7}, "pnl_pct"),
}
