"""Random arrays: the same for a seed, however they are cut into chunks."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import numpy as np

from swath._internal import array as native
from swath.array import _context, _convert
from swath.array._convert import native_of, shape_of, wrap
from swath.foreign import missing_of_module

if TYPE_CHECKING:
    from swath.array._array import Array

__all__ = ["Generator", "default_rng"]


def default_rng(seed: Any = None, *, session: Any = None) -> Generator:
    """Make a source of random arrays.

    Parameters
    ----------
    seed
        Arrays of one seed, drawn in one order, are always the same. Any one if it is ``None``. A number, or
        several, none of them negative; a :class:`Generator` is returned as it is.
    session
        The session that runs them; the default one if none is named.

    Examples
    --------
    >>> import swath.array as sa
    >>> rng = sa.random.default_rng(7)
    >>> x = rng.normal(10, 2, size=(1000, 4))
    >>> bool(abs(x.mean() - 10) < 0.2)
    True
    """
    return seed if isinstance(seed, Generator) else Generator(seed, session=session)


def _seed_of(seed: Any) -> int:
    """Give what people take for a seed as a number of 64 bits."""
    if seed is None:
        return secrets.randbits(63)
    if hasattr(seed, "__index__") and not isinstance(seed, np.ndarray):
        number = int(seed.__index__())
        if number < 0:
            raise ValueError(f"a seed must not be negative, and is {number}")
        if number < 2**64:
            return number
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return int(sequence.generate_state(1, np.uint64)[0])


def _is_number(value: Any) -> bool:
    return bool(np.ndim(value) == 0) if not hasattr(value, "_array") else value.ndim == 0


_OTHERS = frozenset(
    {
        *("beta", "binomial", "chisquare", "f", "gamma", "geometric", "gumbel", "hypergeometric", "laplace"),
        *("logistic", "lognormal", "logseries", "negative_binomial", "noncentral_chisquare", "noncentral_f"),
        *("pareto", "power", "rayleigh", "standard_cauchy", "standard_gamma", "standard_t", "triangular"),
        *("vonmises", "wald", "weibull", "zipf"),
    }
)
"""Distributions of numbers that NumPy's generators have, and ours have not."""


def _restored(seed: int, draws: int) -> Generator:
    made = Generator(seed)
    made._go_to(draws)
    return made


class Generator:
    """A source of random arrays; each array is the next draw. See :func:`default_rng`.

    A pickled one goes on where it was, in the default session.
    """

    def __init__(self, seed: Any = None, *, session: Any = None) -> None:
        self.seed = _seed_of(seed)
        self._maker = _context.maker(session)
        self._go_to(0)

    def _go_to(self, draws: int) -> None:
        """Let the next array be that of a number."""
        self._random, self._draws = native.Random(self._maker, self.seed), draws
        for _ in range(draws):
            self._random.permutation(1)

    def _next(self, name: str, *args: Any) -> Array:
        try:
            made = wrap(getattr(self._random, name)(*args))
        except Exception:
            # Whether what failed was a draw is not known.
            self._go_to(self._draws)
            raise
        self._draws += 1
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Give the seed and the number of draws."""
        return _restored, (self.seed, self._draws)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what to write for what only NumPy's generators have."""
            if name not in _OTHERS:
                raise AttributeError(f"Generator has no '{name}'", name=name, obj=self)
            raise AttributeError(
                f"Generator has no '{name}': have NumPy draw it for each block, sa.map_blocks(lambda block, "
                f"block_id: np.random.default_rng([{self.seed}, *block_id]).{name}(…, size=block.shape), "
                "sa.empty(shape)), or apply the inverse of its distribution function to uniform numbers, as "
                "sa.map_blocks(scipy.stats.gamma(2.0).ppf, rng.random(shape))",
                name=name,
                obj=self,
            )

    def __repr__(self) -> str:
        """Show the seed."""
        return f"swath.array.random.default_rng({self.seed})"

    def _draw(
        self, name: str, first: Any, second: Any, size: Any, dtype: Any = None, chunks: Any = None
    ) -> Array:
        if not (_is_number(first) and _is_number(second)):
            return self._spread(name, first, second, size, dtype, chunks)
        shape = () if size is None else shape_of(size)
        name_of = None if dtype is None else _convert.dtype_name(dtype)
        made = self._next("draw", name, shape, float(first), float(second), name_of)
        return made if chunks is None else made.rechunk(chunks)

    def _spread(self, name: str, first: Any, second: Any, size: Any, dtype: Any, chunks: Any) -> Array:
        """Draw from a distribution whose parameters differ for each element."""
        if name == "poisson":
            raise TypeError(
                "poisson draws with one mean: for a mean of each element apply NumPy's to blocks, "
                "sa.map_blocks(lambda lam: np.random.default_rng().poisson(lam), means)"
            )
        given = [wrap(native_of(one)) for one in (first, second)]
        shape = np.broadcast_shapes(*(one.shape for one in given)) if size is None else shape_of(size)
        if np.broadcast_shapes(shape, *(one.shape for one in given)) != tuple(shape):
            raise ValueError(
                f"{name}: parameters of shapes {given[0].shape} and {given[1].shape} do not broadcast to "
                f"size {tuple(shape)}"
            )
        one, two = given
        if name == "normal":
            made = self._draw("normal", 0, 1, shape, None, chunks) * two + one
        elif name == "uniform":
            made = self._draw("random", 0, 1, shape, None, chunks) * (two - one) + one
        else:
            made = self._draw("exponential", 1, 0, shape, None, chunks) * one
        return made if dtype is None else made.astype(dtype)

    def random(self, size: Any = None, dtype: Any = np.float64, *, chunks: Any = None) -> Array:
        """Draw floats in ``[0, 1)``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).random((2, 3)).shape
        (2, 3)
        """
        return self._draw("random", 0, 1, size, dtype, chunks)

    def uniform(
        self, low: Any = 0.0, high: Any = 1.0, size: Any = None, *, dtype: Any = None, chunks: Any = None
    ) -> Array:
        """Draw floats in ``[low, high)``.

        Parameters
        ----------
        low
            The least value, or an array of them.
        high
            The value that all are below, or an array of them.
        size
            The shape; one number, without axes, if it is not given.
        dtype
            The dtype of the result.
        chunks
            Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).uniform(-1, 1, size=3).shape
        (3,)
        """
        return self._draw("uniform", low, high, size, dtype, chunks)

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, *, chunks: Any = None) -> Array:
        """Draw normal numbers of mean 0 and standard deviation 1.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).standard_normal(3).shape
        (3,)
        """
        return self._draw("normal", 0, 1, size, dtype, chunks)

    def normal(
        self, loc: Any = 0.0, scale: Any = 1.0, size: Any = None, *, dtype: Any = None, chunks: Any = None
    ) -> Array:
        """Draw normal numbers of a mean and a standard deviation.

        Parameters
        ----------
        loc
            Its middle, or an array of them.
        scale
            The width of the distribution, or an array of them.
        size
            The shape; one number, without axes, if it is not given.
        dtype
            The dtype of the result.
        chunks
            Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).normal(10.0, 2.0, size=(2, 3)).shape
        (2, 3)
        """
        return self._draw("normal", loc, scale, size, dtype, chunks)

    def exponential(
        self, scale: Any = 1.0, size: Any = None, *, dtype: Any = None, chunks: Any = None
    ) -> Array:
        """Draw exponential numbers of a mean.

        Parameters
        ----------
        scale
            The mean, or an array of them.
        size
            The shape; one number, without axes, if it is not given.
        dtype
            The dtype of the result.
        chunks
            Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).exponential(size=3).shape
        (3,)
        """
        return self._draw("exponential", scale, 0, size, dtype, chunks)

    def standard_exponential(self, size: Any = None, dtype: Any = np.float64, *, chunks: Any = None) -> Array:
        """Draw exponential numbers of mean 1.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).standard_exponential(3).shape
        (3,)
        """
        return self._draw("exponential", 1, 0, size, dtype, chunks)

    def poisson(self, lam: float = 1.0, size: Any = None, *, chunks: Any = None) -> Array:
        """Draw counts of a mean, Poisson's.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).poisson(4.0, size=3).shape
        (3,)
        """
        return self._draw("poisson", lam, 0, size, None, chunks)

    def integers(
        self,
        low: int,
        high: int | None = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
        *,
        chunks: Any = None,
    ) -> Array:
        """Draw integers from ``low`` (0 if it is alone) to before ``high``, or to it if ``endpoint``.

        Parameters
        ----------
        low
            The least value; or the bound, if it is the only one.
        high
            The bound.
        size
            The shape; one number, without axes, if it is not given.
        dtype
            The dtype of the result.
        endpoint
            Whether the bound may be drawn.
        chunks
            Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).integers(0, 10, size=3).shape
        (3,)
        """
        first, last = (0, low) if high is None else (low, high)
        if not (_is_number(first) and _is_number(last)):
            raise TypeError(
                "integers draws between one pair of bounds: for bounds of each element write "
                "low + sa.floor(rng.random(shape) * (high - low)).astype('int64')"
            )
        shape = () if size is None else shape_of(size)
        made = self._next(
            "integers", int(first), int(last) + bool(endpoint), shape, _convert.dtype_name(dtype)
        )
        return made if chunks is None else made.rechunk(chunks)

    def _elements(self, a: Any) -> Any:
        if hasattr(a, "__index__") and not hasattr(a, "shape"):
            return self._maker.arange(0, int(a), 1)
        return native_of(a)

    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: int = 0,
        *,
        chunks: Any = None,
    ) -> Array:
        """Draw elements along the first axis, with equal or given probabilities, put back or not.

        Parameters
        ----------
        a
            What to choose from: an array, or a number for the positions below it.
        size
            The shape; one number, without axes, if it is not given.
        replace
            Whether an element may be chosen several times.
        p
            The probability of each element.
        axis
            The axis to choose along.
        chunks
            Lengths of the chunks: a number, one for each axis, ``"auto"``, or bytes such as ``"64MiB"``.

        Examples
        --------
        >>> import swath.array as sa
        >>> sorted(sa.random.default_rng(1).choice(3, 3, replace=False).tolist())
        [0, 1, 2]
        """
        if axis != 0:
            raise ValueError("choice draws along the first axis: use moveaxis before and after")
        weights = None if p is None else np.asarray(p, dtype=np.float64).tolist()
        shape = () if size is None else shape_of(size)
        made = self._next("choice", self._elements(a), shape, replace, weights)
        return made if chunks is None else made.rechunk(chunks)

    def permutation(self, x: Any, axis: int = 0) -> Array:
        """Give the parts along an axis, or the numbers before one, in random order.

        Examples
        --------
        >>> import swath.array as sa
        >>> sa.random.default_rng(1).permutation(5).shape
        (5,)
        """
        if hasattr(x, "__index__") and not hasattr(x, "shape"):
            return self._next("permutation", int(x))
        return self._next("permuted", native_of(x), axis)

    def shuffle(self, x: Array, axis: int = 0) -> None:
        """Let an array stand for its parts along an axis in random order.

        Examples
        --------
        >>> import swath.array as sa
        >>> x = sa.arange(4)
        >>> sa.random.default_rng(1).shuffle(x)
        >>> sorted(x.tolist())
        [0, 1, 2, 3]
        """
        from swath.array._array import Array

        if not isinstance(x, Array):
            raise TypeError(
                f"shuffle changes an Array of swath in place, and this is {type(x).__name__}: "
                "x = rng.permutation(x) gives another one; NumPy's generators shuffle NumPy's arrays"
            )
        x._array = self._next("permuted", x._array, axis)._array


def __dir__() -> list[str]:
    """Give the names that are meant to be used."""
    return sorted(__all__)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Say what is meant."""
        raise missing_of_module("swath.array.random", name, __all__)
