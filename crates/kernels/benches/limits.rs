//! What this machine can do at most: bytes a second from memory, floating-point operations a second. `docs/performance.md` holds the
//! figures of array work beside these.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Larger than any cache.
const ELEMENTS: usize = 1 << 26;
const ROUNDS: usize = 7;

fn main() {
    for threads in [1, std::thread::available_parallelism().map_or(1, usize::from)] {
        let bytes = (threads * ELEMENTS / 2 * 8) as f64;
        let time = best(
            threads,
            || vec![1.0_f64; ELEMENTS / 2],
            |data| {
                black_box(sum(data));
            },
        );
        println!("{threads} threads: read {:.1} GB/s", bytes / time / 1e9);
        let make = || (vec![1.0_f64; ELEMENTS / 4], vec![0.0_f64; ELEMENTS / 4]);
        let time = best(threads, make, |(from, to)| {
            to.copy_from_slice(from);
            black_box(&to[0]);
        });
        println!("{threads} threads: copy {:.1} GB/s read and as many written", bytes / 2.0 / time / 1e9);
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx512f") {
            let time = best(
                threads,
                || (),
                |()| {
                    // SAFETY: the processor was asked.
                    black_box(unsafe { fused_512(STEPS) });
                },
            );
            report(threads, "AVX-512", 8, time);
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("fma") {
            let time = best(
                threads,
                || (),
                |()| {
                    // SAFETY: the processor was asked.
                    black_box(unsafe { fused_256(STEPS) });
                },
            );
            report(threads, "AVX2", 4, time);
        }
    }
}

const STEPS: usize = 20_000_000;
/// Independent sums: more than the latency of an operation times how many begin at once.
const SUMS: usize = 12;

fn report(threads: usize, name: &str, lanes: usize, time: f64) {
    let operations = (threads * STEPS * SUMS * lanes * 2) as f64;
    println!("{threads} threads: {:.1} GFLOP/s of float64, multiply and add by {name}", operations / time / 1e9);
}

/// The least time, of some rounds, in which all threads do `work` once.
fn best<T: Send>(threads: usize, make: impl Fn() -> T + Sync, work: impl Fn(&mut T) + Sync) -> f64 {
    let barrier = std::sync::Barrier::new(threads);
    let times: Vec<Vec<Duration>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut data = make();
                    let round = |_| {
                        barrier.wait();
                        let start = Instant::now();
                        work(&mut data);
                        start.elapsed()
                    };
                    (0..ROUNDS).map(round).collect()
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    let slowest = (0..ROUNDS).map(|round| times.iter().map(|own| own[round]).max().unwrap());
    slowest.min().unwrap().as_secs_f64()
}

/// As many sums beside one another as hide an addition's latency.
fn sum(data: &[f64]) -> f64 {
    let mut sums = [0.0; 32];
    for part in data.chunks_exact(32) {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += value;
        }
    }
    sums.iter().sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fused_512(steps: usize) -> f64 {
    use std::arch::x86_64::{_mm512_fmadd_pd, _mm512_reduce_add_pd, _mm512_set1_pd};
    let (factor, term) = (_mm512_set1_pd(black_box(0.999)), _mm512_set1_pd(black_box(0.001)));
    let mut sums = [_mm512_set1_pd(1.0); SUMS];
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = _mm512_fmadd_pd(*sum, factor, term);
        }
    }
    sums.iter().map(|sum| _mm512_reduce_add_pd(*sum)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn fused_256(steps: usize) -> f64 {
    use std::arch::x86_64::{_mm256_cvtsd_f64, _mm256_fmadd_pd, _mm256_set1_pd};
    let (factor, term) = (_mm256_set1_pd(black_box(0.999)), _mm256_set1_pd(black_box(0.001)));
    let mut sums = [_mm256_set1_pd(1.0); SUMS];
    for _ in 0..steps {
        for sum in &mut sums {
            *sum = _mm256_fmadd_pd(*sum, factor, term);
        }
    }
    sums.iter().map(|sum| _mm256_cvtsd_f64(*sum)).sum()
}
