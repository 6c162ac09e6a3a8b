"""Work on arrays by NumPy, numexpr, dask.array or cubed.

The inputs are the same numbers in every engine (see `uniform`); they lie in memory before the clock starts, except where a workload is
about making them. The clock stops when the result is in memory. `crates/nd/examples/workloads` has the same for Swath.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))

from serve import serve

MILLION = 1_000_000


def uniform(shape, seed):
    """Numbers in [0, 1): the i-th is SplitMix64 of `i + seed * 2^40`."""
    with np.errstate(over="ignore"):
        z = np.arange(1, np.prod(shape, dtype=np.uint64) + 1, dtype=np.uint64)
        z += np.uint64(seed << 40)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(11)) * 2.0**-53).reshape(shape)


def nearly_of_rank_10(size):
    """A product of rank 10 with noise, in one array."""
    matrix = uniform((size * size,), 2).reshape(size, size)
    matrix *= 0.01
    first, second = uniform((size, 10), 0), uniform((10, size), 1)
    for start in range(0, size, 1000):
        matrix[start : start + 1000] += first[start : start + 1000] @ second
    return matrix


INPUTS = {
    "fused_sum": lambda: [uniform((10 * MILLION,), seed) for seed in range(3)],
    "many_chunks": lambda: [uniform((10 * MILLION,), 0)],
    "transpose_add": lambda: [uniform((4000, 4000), 0)],
    "matmul": lambda: [uniform((4000, 4000), seed) for seed in range(2)],
    "rechunk": lambda: [uniform((4000, 4000), 0)],
    "tiny": lambda: [uniform((10,), 0)],
    "standardise": lambda: [uniform((10 * MILLION, 10), 0)],
    "exp_sum": lambda: [uniform((100 * MILLION,), 0)],
    "qr": lambda: [uniform((MILLION, 100), 0)],
    "svd": lambda: [uniform((MILLION, 100), 0)],
    "svd_compressed": lambda: [uniform((20_000, 10), 0), uniform((10, 20_000), 1)],
    "svd_noise": lambda: [nearly_of_rank_10(20_000)],
    "fft": lambda: [uniform((1000, 65_536), 0)],
    "mask_sum": lambda: [uniform((10 * MILLION,), 0)],
    "percentile": lambda: [uniform((10 * MILLION,), 0)],
    "stencil": lambda: [uniform((8000, 8000), 0)],
    "climatology": lambda: [uniform((3650, 90, 180), 0).astype(np.float32)],
    "anomaly": lambda: [uniform((3650, 90, 180), 0).astype(np.float32)],
    "swap_axes": lambda: [uniform((400, 400, 400), 0)],
    "vorticity": lambda: [uniform((8000, 8000), seed) for seed in range(2)],
    "sort": lambda: [uniform((10 * MILLION,), 0)],
    "argmax_axis": lambda: [uniform((8000, 8000), 0)],
}


def average_of_neighbours(x):
    """The mean of the four neighbours; `x` has a margin of one element."""
    return 0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])


def vorticity(u, v):
    return 0.5 * ((v[1:-1, 2:] - v[1:-1, :-2]) - (u[2:, 1:-1] - u[:-2, 1:-1]))


def anomaly(x):
    years = x.reshape(10, 365, 90, 180)
    return years - years.mean(axis=0)


class Numpy:
    def __init__(self, threads):
        pass

    def arrays(self, name, inputs):
        return inputs

    fused_sum = staticmethod(lambda a, b, c: ((a + b) * c).sum())
    many_chunks = staticmethod(lambda x: (x + 1).sum())
    transpose_add = staticmethod(lambda x: x + x.T)
    matmul = staticmethod(lambda x, y: x @ y)
    tiny = staticmethod(lambda x: x + 1)
    standardise = staticmethod(lambda x: (x - x.mean(axis=0)) / x.std(axis=0))
    exp_sum = staticmethod(lambda x: np.exp(-(x**2)).sum())
    qr = staticmethod(lambda x: np.linalg.qr(x)[1])
    svd = staticmethod(lambda x: np.linalg.svd(x, full_matrices=False)[1])
    fft = staticmethod(lambda x: np.fft.fft(x, axis=1))
    mask_sum = staticmethod(lambda x: x[x > 0.5].sum())
    percentile = staticmethod(lambda x: np.percentile(x, [1, 50, 99]))
    stencil = staticmethod(lambda x: average_of_neighbours(np.pad(x, 1, mode="edge")))
    climatology = staticmethod(lambda x: x.reshape(10, 365, 90, 180).mean(axis=0))
    anomaly = staticmethod(anomaly)
    swap_axes = staticmethod(lambda x: np.ascontiguousarray(x.swapaxes(0, 2)))
    vorticity = staticmethod(vorticity)
    sort = staticmethod(np.sort)
    argmax_axis = staticmethod(lambda x: x.argmax(axis=0))


class Numexpr:
    def __init__(self, threads):
        import numexpr

        numexpr.set_num_threads(threads)
        self.evaluate = numexpr.evaluate

    def arrays(self, name, inputs):
        return inputs

    def fused_sum(self, a, b, c):
        return self.evaluate("sum((a + b) * c)")

    def transpose_add(self, x):
        y = x.T
        return self.evaluate("x + y")

    def exp_sum(self, x):
        return self.evaluate("sum(exp(-x**2))")

    def standardise(self, x):
        mean, deviation = x.mean(axis=0), x.std(axis=0)
        return self.evaluate("(x - mean) / deviation")


class Dask:
    def __init__(self, threads):
        import dask
        import dask.array

        dask.config.set(scheduler="threads", num_workers=threads)
        self.array = dask.array

    # Chunks other than automatic ones.
    CHUNKS = {
        "many_chunks": 1000,
        "transpose_add": (1000, 1000),
        "matmul": (2000, 2000),
        "rechunk": (1000, 1000),
        "qr": (125_000, 100),
        "svd": (125_000, 100),
        "fft": (125, 65_536),
    }

    def arrays(self, name, inputs):
        chunks = self.CHUNKS.get(name, "auto")
        return [self.array.from_array(x, chunks=chunks) for x in inputs]

    def fused_sum(self, a, b, c):
        return ((a + b) * c).sum().compute()

    def many_chunks(self, x):
        return (x + 1).sum().compute()

    def transpose_add(self, x):
        return (x + x.T).compute()

    def matmul(self, x, y):
        return (x @ y).compute()

    def rechunk(self, x):
        return x.rechunk((4000, 250)).map_blocks(np.copy).compute()

    def tiny(self, x):
        return (x + 1).compute()

    def standardise(self, x):
        return ((x - x.mean(axis=0)) / x.std(axis=0)).compute()

    def exp_sum(self, x):
        return self.array.exp(-(x**2)).sum().compute()

    def qr(self, x):
        return self.array.linalg.qr(x)[1].compute()

    def svd(self, x):
        return self.array.linalg.svd(x)[1].compute()

    def svd_compressed(self, a, b):
        x = self.array.matmul(a, b).rechunk((2500, 2500))
        return self.array.linalg.svd_compressed(x, 10, seed=0)[1].compute()

    def svd_noise(self, x):
        return self.array.linalg.svd_compressed(x, 10, n_power_iter=2, seed=0)[1].compute()

    def fft(self, x):
        return self.array.fft.fft(x, axis=1).compute()

    def mask_sum(self, x):
        return x[x > 0.5].sum().compute()

    def percentile(self, x):
        return self.array.percentile(x, [1, 50, 99], internal_method="dask").compute()

    def stencil(self, x):
        margin = self.array.overlap.overlap(x, depth=1, boundary="nearest")
        return margin.map_blocks(average_of_neighbours, chunks=x.chunks).compute()

    def climatology(self, x):
        return x.reshape(10, 365, 90, 180).mean(axis=0).compute()

    def anomaly(self, x):
        return anomaly(x).compute()

    def swap_axes(self, x):
        return np.ascontiguousarray(x.swapaxes(0, 2).compute())

    def vorticity(self, u, v):
        return vorticity(u, v).compute()

    def argmax_axis(self, x):
        return x.argmax(axis=0).compute()


class Cubed:
    def __init__(self, threads):
        import cubed
        import cubed.array_api

        self.spec = cubed.Spec(allowed_mem="8GB", executor_name="threads", executor_options={"max_workers": threads})
        self.cubed, self.api = cubed, cubed.array_api

    CHUNKS = {
        "transpose_add": (1000, 1000),
        "matmul": (2000, 2000),
        "rechunk": (1000, 1000),
        "standardise": (MILLION, 10),
    }

    def arrays(self, name, inputs):
        chunks = self.CHUNKS.get(name, "auto")
        return [self.cubed.from_array(x, chunks=chunks, spec=self.spec) for x in inputs]

    def fused_sum(self, a, b, c):
        return self.api.sum((a + b) * c).compute()

    def transpose_add(self, x):
        return (x + x.T).compute()

    def matmul(self, x, y):
        return self.api.matmul(x, y).compute()

    def rechunk(self, x):
        return self.cubed.map_blocks(np.copy, x.rechunk((4000, 250)), dtype=x.dtype).compute()

    def tiny(self, x):
        return (x + 1).compute()

    def exp_sum(self, x):
        return self.api.sum(self.api.exp(-(x**2))).compute()


ENGINES = {"numpy": Numpy, "numexpr": Numexpr, "dask": Dask, "cubed": Cubed}
# Only some digits or places of these results are comparable between engines.
UNCOMPARED = {("dask", "percentile")}


def check(result):
    """A number by which results are compared: signs of factors are arbitrary, and large results are sampled."""
    result = np.asarray(result)
    flat = result.reshape(-1)
    return float(np.abs(flat[:: max(1, flat.size // 100_003)]).sum())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=ENGINES, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    engine = ENGINES[options.engine](options.threads)
    held = {}

    def prepare(name):
        work = getattr(engine, name, None)
        if work is None:
            held.clear()
            return None
        if name not in held:
            held.clear()
            held[name] = engine.arrays(name, INPUTS[name]())
        compared = (options.engine, name) not in UNCOMPARED
        return lambda: work(*held[name]), lambda result: {"check": check(result)} if compared else {}

    serve(prepare)


if __name__ == "__main__":
    main()
