"""NumPy's side of `cargo bench -p swath-kernels`: processor time in nanoseconds an element on one core, the best of several runs.

Run with OPENBLAS_NUM_THREADS=1, and the part of a name as the argument to run only what has it.
"""

import sys
import time

import numpy as np

WANTED = sys.argv[1] if len(sys.argv) > 1 else ""


def report(name, elements, run):
    if WANTED not in name:
        return
    best = float("inf")
    for _ in range(min(max(20_000_000 // elements, 5), 200)):
        start = time.thread_time()
        run()
        best = min(best, time.thread_time() - start)
    print(f"{name:24} {best / elements * 1e9:8.3f} ns an element", flush=True)


random = np.random.default_rng(1)
for count in (10_000, 1_000_000, 10_000_000):
    doubles = random.random(count)
    singles = doubles.astype(np.float32)
    half = doubles < 0.5
    masked = doubles * half
    places = random.permutation(count)
    report(f"sort f64 {count}", count, lambda: np.sort(doubles))
    report(f"sort f32 {count}", count, lambda: np.sort(singles))
    report(f"argsort f64 {count}", count, lambda: np.argsort(doubles))
    report(f"argsort f32 {count}", count, lambda: np.argsort(singles))
    report(f"median {count}", count, lambda: np.median(doubles))
    report(f"topk 10 {count}", count, lambda: np.sort(np.partition(doubles, count - 10)[count - 10 :]))
    report(f"nonzero bool {count}", count, lambda: np.nonzero(half))
    report(f"nonzero f64 {count}", count, lambda: np.nonzero(masked))
    report(f"mask {count}", count, lambda: doubles[half])
    report(f"permutation {count}", count, lambda: random.permutation(count))
    report(f"take {count}", count, lambda: np.take(doubles, places))
    report(f"uniform {count}", count, lambda: random.random(count))
rows, length = 100, 1 << 16
table = random.random((rows, length))
table_complex = table.astype(np.complex128)
report("fft of 100 rows, c128", rows * length, lambda: np.fft.fft(table_complex))
report("rfft of 100 rows, f64", rows * length, lambda: np.fft.rfft(table))
report("fft of 100 rows, f64", rows * length, lambda: np.fft.fft(table))
tall = random.random((100_000, 100))
report("qr 100000 x 100", 10_000_000, lambda: np.linalg.qr(tall))
