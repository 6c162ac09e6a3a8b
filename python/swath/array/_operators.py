"""Operators of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _convert

if TYPE_CHECKING:
    from swath.array._array import Array

_KNOWN = (np.ndarray, np.generic, list, tuple, int, float, complex)


def _beside(other: Any) -> Any:
    """Give the other side of an operator, or ``NotImplemented`` to have its own operators asked."""
    if type(other) in _convert.NUMBERS:
        return other
    if isinstance(other, Operators):
        return other._array
    if isinstance(other, _KNOWN):
        return _convert.native_of(other)
    return NotImplemented


def _apply(name: str, left: Any, right: Any) -> Any:
    if left is NotImplemented or right is NotImplemented:
        return NotImplemented
    return _convert.wrap(native.ufunc(name, *_convert.meeting([left, right])))


def _all(array: Any, value: bool) -> Array:
    """Give one truth value in the shape of an array."""
    import swath.array as sa

    return sa.full_like(_convert.wrap(array), value, dtype=bool)


class Operators:
    """The operators, by the names of NumPy's functions."""

    __slots__ = ()
    _array: Any

    def _assign(self, result: Any, name: str) -> Any:
        """Let this object stand for a result, which must be of its shape and fit its dtype."""
        if result is NotImplemented:
            return result
        own, made = self._array.dtype(), result._array.dtype()
        shape, given = self._array.shape(), result._array.shape()
        if shape is not None and given is not None and shape != given:
            raise ValueError(
                f"non-broadcastable output operand with shape {shape} doesn't match the broadcast shape "
                f"{given}"
            )
        if own != made:
            if not np.can_cast(_convert.dtype_of(made), _convert.dtype_of(own), "same_kind"):
                raise TypeError(
                    f"'{name}' gives {made}, which is not assigned to {own}: "
                    f"write x = x.astype({made!r}) first"
                )
            result = result.astype(own)
        self._array = result._array
        return self

    def __neg__(self) -> Array:
        """Negate."""
        return _convert.wrap(native.ufunc("negative", self._array))

    def __pos__(self) -> Array:
        """Return the same elements."""
        return _convert.wrap(native.ufunc("positive", self._array))

    def __abs__(self) -> Array:
        """Take absolute values."""
        return _convert.wrap(native.ufunc("absolute", self._array))

    def __invert__(self) -> Array:
        """Invert bits, or truth values."""
        return _convert.wrap(native.ufunc("invert", self._array))

    def __eq__(self, other: object) -> Array:  # type: ignore[override]
        """Compare element by element; nothing equals None, or text."""
        if other is None or isinstance(other, (str, bytes)):
            return _all(self._array, False)
        return _apply("equal", self._array, _beside(other))  # type: ignore[no-any-return]

    def __ne__(self, other: object) -> Array:  # type: ignore[override]
        """Compare element by element; everything differs from None, and from text."""
        if other is None or isinstance(other, (str, bytes)):
            return _all(self._array, True)
        return _apply("not_equal", self._array, _beside(other))  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Array:
        """Compare element by element."""
        return _apply("less", self._array, _beside(other))  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> Array:
        """Compare element by element."""
        return _apply("less_equal", self._array, _beside(other))  # type: ignore[no-any-return]

    def __gt__(self, other: Any) -> Array:
        """Compare element by element."""
        return _apply("greater", self._array, _beside(other))  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> Array:
        """Compare element by element."""
        return _apply("greater_equal", self._array, _beside(other))  # type: ignore[no-any-return]

    def __add__(self, other: Any) -> Array:
        """Add."""
        return _apply("add", self._array, _beside(other))  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Array:
        """Add, with this array on the right."""
        return _apply("add", _beside(other), self._array)  # type: ignore[no-any-return]

    def __iadd__(self, other: Any) -> Any:
        """Add; this object then stands for the result."""
        return self._assign(_apply("add", self._array, _beside(other)), "add")

    def __sub__(self, other: Any) -> Array:
        """Subtract."""
        return _apply("subtract", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Array:
        """Subtract, with this array on the right."""
        return _apply("subtract", _beside(other), self._array)  # type: ignore[no-any-return]

    def __isub__(self, other: Any) -> Any:
        """Subtract; this object then stands for the result."""
        return self._assign(_apply("subtract", self._array, _beside(other)), "subtract")

    def __mul__(self, other: Any) -> Array:
        """Multiply."""
        return _apply("multiply", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Array:
        """Multiply, with this array on the right."""
        return _apply("multiply", _beside(other), self._array)  # type: ignore[no-any-return]

    def __imul__(self, other: Any) -> Any:
        """Multiply; this object then stands for the result."""
        return self._assign(_apply("multiply", self._array, _beside(other)), "multiply")

    def __truediv__(self, other: Any) -> Array:
        """Divide."""
        return _apply("divide", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> Array:
        """Divide, with this array on the right."""
        return _apply("divide", _beside(other), self._array)  # type: ignore[no-any-return]

    def __itruediv__(self, other: Any) -> Any:
        """Divide; this object then stands for the result."""
        return self._assign(_apply("divide", self._array, _beside(other)), "divide")

    def __floordiv__(self, other: Any) -> Array:
        """Divide and round down."""
        return _apply("floor_divide", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rfloordiv__(self, other: Any) -> Array:
        """Divide and round down, with this array on the right."""
        return _apply("floor_divide", _beside(other), self._array)  # type: ignore[no-any-return]

    def __ifloordiv__(self, other: Any) -> Any:
        """Divide and round down; this object then stands for the result."""
        return self._assign(_apply("floor_divide", self._array, _beside(other)), "floor_divide")

    def __mod__(self, other: Any) -> Array:
        """Take the remainder with the divisor's sign."""
        return _apply("remainder", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rmod__(self, other: Any) -> Array:
        """Take the remainder with the divisor's sign, with this array on the right."""
        return _apply("remainder", _beside(other), self._array)  # type: ignore[no-any-return]

    def __imod__(self, other: Any) -> Any:
        """Take the remainder with the divisor's sign; this object then stands for the result."""
        return self._assign(_apply("remainder", self._array, _beside(other)), "remainder")

    def __pow__(self, other: Any) -> Array:
        """Raise to a power."""
        return _apply("power", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rpow__(self, other: Any) -> Array:
        """Raise to a power, with this array on the right."""
        return _apply("power", _beside(other), self._array)  # type: ignore[no-any-return]

    def __ipow__(self, other: Any) -> Any:
        """Raise to a power; this object then stands for the result."""
        return self._assign(_apply("power", self._array, _beside(other)), "power")

    def __and__(self, other: Any) -> Array:
        """Keep the bits set in both."""
        return _apply("bitwise_and", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rand__(self, other: Any) -> Array:
        """Keep the bits set in both, with this array on the right."""
        return _apply("bitwise_and", _beside(other), self._array)  # type: ignore[no-any-return]

    def __iand__(self, other: Any) -> Any:
        """Keep the bits set in both; this object then stands for the result."""
        return self._assign(_apply("bitwise_and", self._array, _beside(other)), "bitwise_and")

    def __or__(self, other: Any) -> Array:
        """Keep the bits set in one."""
        return _apply("bitwise_or", self._array, _beside(other))  # type: ignore[no-any-return]

    def __ror__(self, other: Any) -> Array:
        """Keep the bits set in one, with this array on the right."""
        return _apply("bitwise_or", _beside(other), self._array)  # type: ignore[no-any-return]

    def __ior__(self, other: Any) -> Any:
        """Keep the bits set in one; this object then stands for the result."""
        return self._assign(_apply("bitwise_or", self._array, _beside(other)), "bitwise_or")

    def __xor__(self, other: Any) -> Array:
        """Keep the bits set in exactly one."""
        return _apply("bitwise_xor", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rxor__(self, other: Any) -> Array:
        """Keep the bits set in exactly one, with this array on the right."""
        return _apply("bitwise_xor", _beside(other), self._array)  # type: ignore[no-any-return]

    def __ixor__(self, other: Any) -> Any:
        """Keep the bits set in exactly one; this object then stands for the result."""
        return self._assign(_apply("bitwise_xor", self._array, _beside(other)), "bitwise_xor")

    def __lshift__(self, other: Any) -> Array:
        """Shift bits left."""
        return _apply("left_shift", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rlshift__(self, other: Any) -> Array:
        """Shift bits left, with this array on the right."""
        return _apply("left_shift", _beside(other), self._array)  # type: ignore[no-any-return]

    def __ilshift__(self, other: Any) -> Any:
        """Shift bits left; this object then stands for the result."""
        return self._assign(_apply("left_shift", self._array, _beside(other)), "left_shift")

    def __rshift__(self, other: Any) -> Array:
        """Shift bits right."""
        return _apply("right_shift", self._array, _beside(other))  # type: ignore[no-any-return]

    def __rrshift__(self, other: Any) -> Array:
        """Shift bits right, with this array on the right."""
        return _apply("right_shift", _beside(other), self._array)  # type: ignore[no-any-return]

    def __irshift__(self, other: Any) -> Any:
        """Shift bits right; this object then stands for the result."""
        return self._assign(_apply("right_shift", self._array, _beside(other)), "right_shift")

    def __divmod__(self, other: Any) -> Any:
        """Divide and round down, with the remainder."""
        beside = _beside(other)
        return _apply("floor_divide", self._array, beside), _apply("remainder", self._array, beside)

    def __rdivmod__(self, other: Any) -> Any:
        """Divide and round down, with the remainder; this array is on the right."""
        beside = _beside(other)
        return _apply("floor_divide", beside, self._array), _apply("remainder", beside, self._array)

    def __matmul__(self, other: Any) -> Array:
        """Multiply matrices."""
        beside = _beside(other)
        if beside is NotImplemented:
            return beside  # type: ignore[no-any-return]
        import swath.array as sa

        return sa.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        """Multiply matrices, with this array on the right."""
        beside = _beside(other)
        if beside is NotImplemented:
            return beside  # type: ignore[no-any-return]
        import swath.array as sa

        return sa.matmul(other, self)

    def __imatmul__(self, other: Any) -> Any:
        """Multiply matrices; this object then stands for the result."""
        return self._assign(self.__matmul__(other), "matmul")
