"""Arguments as NumPy's functions name them, handed on as functions of ours take them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_RENAMED = {"clip": {"a_min": "min", "a_max": "max"}}
"""What a keyword of NumPy's is called here, where the place does not tell."""

_HINTS = frozenset({"overwrite_input", "subok", "assume_unique", "allow_pickle", "hermitian", "sorted"})
"""Keywords that change no element: hints how to compute, and what is allowed."""

_LAYOUTS = frozenset({"copy", "zeros_like", "ones_like", "empty_like", "full_like"})
"""Functions whose ``order`` is that of bytes in memory, of which lazy arrays have none."""

_KINDS = frozenset({"partition", "argpartition"})
"""Functions whose ``kind`` is an algorithm."""

Parameters = Mapping[str, inspect.Parameter]


@functools.cache
def _parameters(function: Callable[..., Any]) -> Parameters | None:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None


def _is_default(value: Any, default: Any) -> bool:
    if value is default:
        return True
    plain = isinstance(value, (bool, int, float, str, tuple)) and type(value) is type(default)
    return plain and bool(value == default)


def _changes_nothing(function: str, name: str, value: Any, default: Any) -> bool:
    return (
        _is_default(value, default)
        or name in _HINTS
        or (name == "order" and function in _LAYOUTS and value in ("C", "F", "A", "K"))
        or (name == "kind" and function in _KINDS)
    )


def bound(
    function: Callable[..., Any], ours: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Give the arguments of a function of NumPy as a function of ours takes them.

    Raises
    ------
    TypeError
        If ours has no such argument, and leaving it out would change the result.
    """
    name: str = function.__name__
    options = {key: value for key, value in options.items() if value is not np._NoValue}
    options.pop("like", None)
    theirs, own = _parameters(function), _parameters(ours)
    if theirs is None or own is None:
        return list(args), options
    if any(one.kind is one.VAR_POSITIONAL for one in theirs.values()):
        first = next(iter(theirs))
        before = [options.pop(first)] if first in options and not args else []
        return [*before, *args], {key: value for key, value in options.items() if key not in _HINTS}
    given: dict[str, Any] = dict(zip(theirs, args, strict=False))
    given.update(options)
    renamed = _RENAMED.get(name, {})
    takes_all = any(one.kind is one.VAR_KEYWORD for one in own.values())
    places = [one for one in own.values() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    several = any(one.kind is one.VAR_POSITIONAL for one in own.values())
    made: list[Any] = []
    named: dict[str, Any] = {}
    for key, value in given.items():
        if value is np._NoValue:
            continue
        target = renamed.get(key, key)
        default = theirs[key].default if key in theirs else inspect.Parameter.empty
        if target in own and own[target].kind in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        ):
            named[target] = value
        elif not named and key in theirs and _fits(len(made), key, theirs, places, several):
            made.append(value)
        elif takes_all and key not in theirs:
            named[key] = value
        elif not _changes_nothing(name, key, value, default):
            raise TypeError(
                f"np.{name} of lazy arrays takes no {key}: compute first, np.{name}(np.asarray(x), …)"
            )
    return made, named


def _fits(place: int, key: str, theirs: Parameters, places: list[inspect.Parameter], several: bool) -> bool:
    """Say whether an argument goes by its place: both functions must mean the same by it."""
    if list(theirs).index(key) != place:
        return False
    if place >= len(places):
        return several
    return (
        places[place].kind is inspect.Parameter.POSITIONAL_ONLY
        or theirs[key].default is inspect.Parameter.empty
    )
