"""Rules compiled by numba where it is installed; plain Python, with the same results, otherwise.

Rules and the engine are plain functions of loops over arrays. ``compiled`` takes the outermost of
them, puts a strategy's own functions in the place of the engine's hooks, and compiles it with all
that it calls. Nothing is compiled, and numba not even imported, before that: a web process that
only shows a strategy's parameters must not pay for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import FunctionType
from typing import Any

FOREIGN = ("numpy", "numba")  # whose functions the compiler knows by itself
# Called seldom, or for many bars at once: in a copy of their own with all that they call, or a
# strategy took a minute to compile.
APART = frozenset({"begin_tile", "foresee", "prepare", "rested", "close_position"})
Function = Callable[..., Any]


def have_numba() -> bool:
    """Whether rules can be compiled here."""
    try:
        import numba  # noqa: F401
    except ImportError:
        return False
    return True


def compiled(
    outer: Function, hooks: Mapping[str, Function], name: str, plain: bool = False
) -> Function:
    """``outer`` with ``hooks`` in the place of its globals of those names, compiled and kept on
    disk under ``name``; not compiled where that is not possible, or not wanted (``plain``)."""
    if plain or not have_numba():
        bound: Function = _bound(outer, hooks, {}, _as_it_is, _as_it_is)
        return bound
    from numba import njit

    def near(function: FunctionType) -> Function:
        """Into its caller: handing over a tape of twenty columns costs more than most rules do."""
        found: Function = njit(**inner, forceinline=True)(function)
        return found

    def apart(function: FunctionType) -> Function:
        found: Function = njit(**inner)(function)
        return found

    # Rules make no arrays, so nothing needs to count who holds them: counting the columns of a tape
    # at each call took nine tenths of the time.
    options: dict[str, Any] = {"_nrt": False, "nogil": True}
    # Only the outer one is called from Python: what the others would need for that takes as long to
    # compile as they do.
    inner = options | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    made = _bound(outer, hooks, {}, near, apart, inside=True)
    # The compiler looks at the file of the outer function alone to tell whether what it kept is
    # still true: the name says which sources all the others were compiled from.
    made.__name__ = made.__qualname__ = f"{outer.__name__}_{name}_{fingerprint(outer, hooks)}"
    found: Function = njit(cache=True, **options)(made)
    return found


def _as_it_is(function: FunctionType) -> Function:
    return function


def fingerprint(outer: Function, hooks: Mapping[str, Function]) -> str:
    """What the code of a function, its hooks, and of all that they call, comes down to."""
    found: dict[str, FunctionType] = {}
    _collect(outer, hooks, found)
    digest = blake2b(f"{sys.version_info[:2]}".encode(), digest_size=8)
    for place in sorted(found):
        digest.update(place.encode())
        digest.update(_content(found[place]))
    return digest.hexdigest()


def _content(function: FunctionType) -> bytes:
    """Code and the constants that it reads, as bytes that change when they do."""
    code = function.__code__
    values = {
        name: value
        for name in code.co_names
        if isinstance(value := function.__globals__.get(name), int | float | str | tuple)
    }
    constants = [one for one in code.co_consts if not hasattr(one, "co_code")]
    return code.co_code + repr((constants, code.co_names, sorted(values.items()))).encode()


def _own(value: object) -> bool:
    return isinstance(value, FunctionType) and value.__module__.split(".")[0] not in FOREIGN


def _named(function: Any, hooks: Mapping[str, Function]) -> dict[str, Any]:
    """The functions of ours that a function calls by name."""
    found: dict[str, Any] = {}
    for name in function.__code__.co_names:
        value = hooks.get(name, function.__globals__.get(name))
        if _own(value):
            found[name] = value
    return found


def _collect(function: Any, hooks: Mapping[str, Function], found: dict[str, FunctionType]) -> None:
    place = f"{function.__module__}.{function.__qualname__}"
    if place not in found:
        found[place] = function
        for one in _named(function, hooks).values():
            _collect(one, hooks, found)


def _bound(
    function: Any,
    hooks: Mapping[str, Function],
    done: dict[Any, Function],
    wrap: Callable[[FunctionType], Function],
    apart: Callable[[FunctionType], Function],
    inside: bool = False,
) -> Any:
    """A copy of a function whose globals hold the wrapped ones of what it calls."""
    if function in done:
        return done[function]
    names = dict(function.__globals__)
    for name, one in _named(function, hooks).items():
        names[name] = _bound(one, hooks, done, apart if name in APART else wrap, apart)
    copy = FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__module__, copy.__qualname__ = function.__module__, function.__qualname__
    done[function] = copy if inside else wrap(copy)
    return done[function]
