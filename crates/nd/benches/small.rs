//! What one operation on a small array costs, building included: `cargo bench -p swath-nd --bench small`.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::Instant;

use swath_nd::{Arrays, s};

fn measure(name: &str, mut run: impl FnMut()) {
    for _ in 0..200 {
        run();
    }
    let mut best = f64::MAX;
    for _ in 0..20 {
        let start = Instant::now();
        for _ in 0..200 {
            run();
        }
        best = best.min(start.elapsed().as_secs_f64() / 200.0);
    }
    println!("{name:<32} {:8.2} µs", best * 1e6);
}

fn main() {
    let arrays = Arrays::embedded();
    let x = arrays.from_vec((0..100).map(f64::from).collect::<Vec<_>>()).reshape([10, 10]).persist();
    let y = arrays.from_vec(vec![2.0f64; 10]);
    measure("x + 1", || drop((&x + 1.0).compute().unwrap()));
    measure("x + y * 2", || drop((&x + &y * 2.0).compute().unwrap()));
    measure("x.sum(0)", || drop(x.sum(0).compute().unwrap()));
    measure("(x - x.mean(0)) / x.std(0)", || drop(((&x - x.mean(0)) / x.std(0)).compute().unwrap()));
    measure("x[1:, ::2]", || drop(x.slice(s![1.., ..;2]).compute().unwrap()));
    measure("x[x > 50]", || drop(x.slice(s![&x.gt(50.0)]).compute().unwrap()));
    measure("x @ x", || drop(x.matmul(&x).compute().unwrap()));
    measure("sort", || drop(x.sort(1).compute().unwrap()));
    measure("fft", || drop(x.fft(None, 1, swath_nd::Norm::Backward).compute().unwrap()));
    measure("x.T.copy", || drop((x.t() + 0.0).compute().unwrap()));
    let plain = swath_nd::Cancel::new();
    measure("x + 1 by a plan", || drop((&x + 1.0).compute_by_plan(&plain).unwrap()));
}
