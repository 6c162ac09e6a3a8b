"""NumPy's functions on lazy arrays: ``np.exp(x)``, ``np.mean(x)``, ``np.add.reduce(x)``."""

from __future__ import annotations

from typing import Any

import numpy as np

import swath.array as sa
from swath.array import elementwise
from swath.array._convert import native_of, wrap
from swath.array._numpy_arguments import bound

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


def _refused(what: str, by_blocks: bool = False) -> TypeError:
    message = f"{what} is not there for lazy arrays: compute them first, {what}(np.asarray(x), …)"
    if by_blocks:
        message += f", or apply it to blocks, sa.map_blocks({what}, x)"
    return TypeError(message)


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
            return _several(_SEVERAL[name], inputs, dtype, out)
        return _elementwise(ufunc, inputs, dtype, out, mask)
    if method == "reduce" and name in _REDUCE:
        return _reduced(_REDUCE[name], inputs[0], options, out)
    if method == "accumulate" and name in _ACCUMULATE:
        return _accumulated(_ACCUMULATE[name], inputs[0], options, out)
    if method == "outer" and len(inputs) == 2:
        left, right = (sa.asarray(one) for one in inputs)
        dtype = options.pop("dtype", None)
        if options:
            raise TypeError(f"np.{name}.outer of lazy arrays takes no {', '.join(options)}")
        widened = left.reshape(left.shape + (1,) * right.ndim)
        return _elementwise(ufunc, (widened, right), dtype, out, True)
    raise _refused(f"np.{name}.{method}")


def _elementwise(ufunc: Any, inputs: tuple[Any, ...], dtype: Any, out: Any, mask: Any) -> Any:
    name: str = ufunc.__name__
    try:
        return elementwise.apply(_OTHER_NAMES.get(name) or name, *inputs, dtype=dtype, out=out, where=mask)
    except ValueError as error:
        if "no elementwise function" in str(error) or "unknown" in str(error):
            raise _refused(f"np.{name}", ufunc.signature is None and ufunc.nout == 1) from None
        raise


def _several(name: str, inputs: tuple[Any, ...], dtype: Any, out: Any) -> Any:
    """Apply what gives several arrays, or products of matrices."""
    if dtype is not None:
        inputs = tuple(map(wrap, elementwise.cast([native_of(one) for one in inputs], name, dtype)))
    made = getattr(sa, name)(*inputs)
    if dtype is not None:
        for one in made if isinstance(made, tuple) else (made,):
            elementwise.expect(one, name, dtype)
    if out is None:
        return made
    if isinstance(made, tuple):
        raise TypeError(f"np.{name} of lazy arrays takes no out: assign what it gives")
    return elementwise.into(out, made, name)


def _accumulated(name: str, x: Any, options: dict[str, Any], out: Any) -> Any:
    axis = options.pop("axis", 0)
    made = getattr(sa, name)(x, axis=axis, **{key: one for key, one in options.items() if one is not None})
    return made if out is None else elementwise.into(out, made, name)


def _is_given(value: Any) -> bool:
    return value is not None and value is not np._NoValue and value is not False


def _reduced(name: str, x: Any, options: dict[str, Any], out: Any) -> Any:
    axis = options.pop("axis", 0)
    given = {key: value for key, value in options.items() if _is_given(value)}
    if name in ("any", "all", "max", "min"):
        dtype = given.pop("dtype", None)
        if dtype is not None and name in ("any", "all") and np.dtype(dtype) != np.bool_:
            raise TypeError(f"{name} gives bool, not {np.dtype(dtype)}: convert it, .astype(...)")
        if dtype is not None and name in ("max", "min"):
            x = wrap(elementwise.cast([native_of(x)], name, dtype)[0])
    return getattr(sa, name)(x, axis=axis, out=out, **given)


_MODULES = {
    "numpy": sa,
    "numpy.linalg": sa.linalg,
    "numpy.fft": sa.fft,
    "numpy.lib.stride_tricks": sa.lib.stride_tricks,
}
"""Where functions of ours stand for those of NumPy's modules; others of one name mean something else."""


def function(function: Any, types: Any, args: Any, options: dict[str, Any]) -> Any:
    """Apply a function of NumPy."""
    name, module = function.__name__, function.__module__
    if not all(issubclass(one, (sa.Array, np.ndarray, np.generic, list, tuple)) for one in types):
        return NotImplemented
    if name in ("array2string", "array_repr", "array_str"):
        return repr(args[0])
    found = getattr(_MODULES.get(module), name, None)
    if not callable(found) or isinstance(found, type):
        public = "np.emath" if module == "numpy.lib.scimath" else module.replace("numpy", "np", 1)
        raise _refused(f"{public}.{name}")
    made, named = bound(function, found, args, options)
    try:
        return found(*made, **named)
    except TypeError as error:
        if "argument" in str(error) and "()" in str(error):
            raise TypeError(
                f"np.{name} of lazy arrays: {error}; compute first, np.{name}(np.asarray(x), …)"
            ) from None
        raise
