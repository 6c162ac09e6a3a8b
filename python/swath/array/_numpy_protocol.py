"""NumPy's functions on lazy arrays: ``np.exp(x)``, ``np.mean(x)``, ``np.add.reduce(x)``."""

from __future__ import annotations

from typing import Any

import numpy as np

import swath.array as sa
from swath.array import elementwise

_REDUCE = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
_ACCUMULATE = {"add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin"}
_SEVERAL = {
    "divmod": "divmod",
    "modf": "modf",
    "frexp": "frexp",
    "matmul": "matmul",
    "vecdot": "vecdot",
    "matvec": "matvec",
    "vecmat": "vecmat",
}
_OTHER_NAMES = {"gammaln": "lgamma", "psi": "digamma", "clip": "clip"}
_NOT_GIVEN = (None, np._NoValue)


def _refused(what: str) -> TypeError:
    return TypeError(
        f"{what} is not there for lazy arrays: compute them first, {what}(np.asarray(x)), or apply it to "
        f"blocks, sa.map_blocks({what}, x)"
    )


def _knows(value: Any) -> bool:
    return isinstance(value, (sa.Array, np.ndarray, np.generic, bool, int, float, complex, list, tuple))


def ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Apply a ufunc of NumPy."""
    name: str = ufunc.__name__
    if not all(map(_knows, inputs)):
        return NotImplemented
    out = options.pop("out", None)
    if out is not None:
        if not all(isinstance(one, sa.Array) for one in out):
            raise TypeError(
                f"np.{name}: a lazy array cannot be written to an array of NumPy: assign np.asarray(result)"
            )
        out = out[0]
    mask = options.get("where", True)
    if mask is True or method == "__call__":
        options.pop("where", None)
    if options.get("casting") == "same_kind":
        options.pop("casting")
    if method == "__call__":
        dtype = options.pop("dtype", None)
        if options:
            raise TypeError(f"np.{name} of lazy arrays takes no {', '.join(options)}")
        if name in _SEVERAL:
            if mask is not True:
                raise TypeError(f"np.{name} of lazy arrays takes no where")
            return getattr(sa, _SEVERAL[name])(*inputs)
        try:
            return elementwise.apply(
                _OTHER_NAMES.get(name) or name, *inputs, dtype=dtype, out=out, where=mask
            )
        except ValueError as error:
            if "no elementwise function" in str(error) or "unknown" in str(error):
                raise _refused(f"np.{name}") from None
            raise
    if method == "reduce" and name in _REDUCE:
        return _reduced(_REDUCE[name], inputs[0], options, out)
    if method == "accumulate" and name in _ACCUMULATE:
        axis = options.pop("axis", 0)
        given = {key: value for key, value in options.items() if value is not None}
        return getattr(sa, _ACCUMULATE[name])(inputs[0], axis=axis, **given)
    if method == "outer" and len(inputs) == 2:
        left, right = (sa.asarray(one) for one in inputs)
        return elementwise.apply(name, left.reshape(left.shape + (1,) * right.ndim), right)
    raise _refused(f"np.{name}.{method}")


def _reduced(name: str, x: Any, options: dict[str, Any], out: Any) -> Any:
    axis = options.pop("axis", 0)
    given = {key: value for key, value in options.items() if value not in _NOT_GIVEN and value is not False}
    if name in ("any", "all", "max", "min"):
        given.pop("dtype", None)
    return getattr(sa, name)(x, axis=axis, out=out, **given)


_MODULES = {"numpy": sa, "numpy.linalg": sa.linalg, "numpy.fft": sa.fft}


def function(function: Any, types: Any, args: Any, options: dict[str, Any]) -> Any:
    """Apply a function of NumPy."""
    name, module = function.__name__, function.__module__
    if not all(issubclass(one, (sa.Array, np.ndarray, np.generic, list, tuple)) for one in types):
        return NotImplemented
    if name in ("array2string", "array_repr", "array_str"):
        return repr(args[0])
    found = _found(name, module)
    if found is None:
        raise _refused(f"{module}.{name}".replace("numpy", "np", 1))
    options = {
        key: value
        for key, value in options.items()
        if value is not np._NoValue and not (key == "out" and value is None)
    }
    if options.get("like") is not None:
        options.pop("like")
    # Functions of ours take the first argument by its place alone.
    if not args:
        for key in ("a", "x", "m", "arr", "ary", "array", "prototype", "arrays", "tup", "v", "condition"):
            if key in options:
                args = (options.pop(key),)
                break
    try:
        return found(*args, **options)
    except TypeError as error:
        if "argument" in str(error) and "()" in str(error):
            raise TypeError(
                f"np.{name} of lazy arrays: {error}; compute first, np.{name}(np.asarray(x), …)"
            ) from None
        raise


def _found(name: str, module: str) -> Any:
    where = _MODULES.get(module)
    if where is None:
        where = sa.linalg if "linalg" in module else sa.fft if "fft" in module else sa
    found = getattr(where, name, None)
    return found if callable(found) and not isinstance(found, type) else None
