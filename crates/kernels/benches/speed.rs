//! Nanoseconds an element of kernels on one core: `cargo bench -p swath-kernels [name]`.

#![allow(clippy::print_stdout, clippy::unwrap_used)] // A program that prints, and stops at the first error.

use swath_kernels::fused::{Block, Builder, Output, elementwise};
use swath_kernels::reduce::{Reduction, reduce};
use swath_kernels::{DType, NdArray};

/// Elements of the arrays that stay in cache, and of those that do not.
const SMALL: usize = 100_000;
const LARGE: usize = 10_000_000;

/// What this thread has used of a processor: on a machine that does other work too this says more than the time that passed.
fn thread_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time` alone.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// The best of several runs, in nanoseconds an element.
fn best(elements: usize, mut run: impl FnMut()) -> f64 {
    let repeat = (20_000_000 / elements).clamp(5, 200);
    let mut best = f64::INFINITY;
    for _ in 0..repeat {
        let start = thread_seconds();
        run();
        best = best.min((thread_seconds() - start) * 1e9);
    }
    best / elements as f64
}

fn uniform(count: usize, low: f64, high: f64) -> NdArray {
    let mut state = 88_172_645_463_325_252u64;
    let numbers = (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            low + (high - low) * (state >> 11) as f64 / (1u64 << 53) as f64
        })
        .collect();
    NdArray::from_vec(&[count], numbers).unwrap()
}

/// What NumPy does too: `benches/numpy_speed.py` prints the same names.
fn peers(is_wanted: &dyn Fn(&str) -> bool, report: &dyn Fn(&str, f64)) {
    use swath_kernels::fft::{Norm, fft, rfft};
    use swath_kernels::layout::index::{OutOfBounds, take};
    use swath_kernels::layout::mask::{compress, nonzero};
    use swath_kernels::linalg::{QrMode, qr};
    use swath_kernels::order::{argsort, median, sort, topk};
    use swath_kernels::random::permutation::Permutation;
    use swath_kernels::random::{Distribution, Key};
    for count in [10_000, 1_000_000, 10_000_000] {
        let name = |what: &str| format!("{what} {count}");
        let is_wanted = |what: &str| is_wanted(&name(what));
        let doubles = uniform(count, 0.0, 1.0);
        let singles = swath_kernels::fused::cast(&doubles, DType::F32).unwrap();
        if is_wanted("sort f64") {
            report(&name("sort f64"), best(count, || drop(sort(&doubles, 0).unwrap())));
        }
        if is_wanted("sort f32") {
            report(&name("sort f32"), best(count, || drop(sort(&singles, 0).unwrap())));
        }
        if is_wanted("argsort f64") {
            report(&name("argsort f64"), best(count, || drop(argsort(&doubles, 0).unwrap())));
        }
        if is_wanted("argsort f32") {
            report(&name("argsort f32"), best(count, || drop(argsort(&singles, 0).unwrap())));
        }
        if is_wanted("median") {
            report(&name("median"), best(count, || drop(median(&doubles, None, false, false).unwrap())));
        }
        if is_wanted("topk 10") {
            report(&name("topk 10"), best(count, || drop(topk(&doubles, 10, 0).unwrap())));
        }
        let half = elementwise("less", &[&doubles, &NdArray::scalar(0.5.into())]).unwrap();
        if is_wanted("nonzero bool") {
            report(&name("nonzero bool"), best(count, || drop(nonzero(&half).unwrap())));
        }
        if is_wanted("nonzero f64") {
            let array = elementwise("multiply", &[&doubles, &half]).unwrap();
            report(&name("nonzero f64"), best(count, || drop(nonzero(&array).unwrap())));
        }
        if is_wanted("mask") {
            report(&name("mask"), best(count, || drop(compress(&doubles, &half).unwrap())));
        }
        let permutation = Permutation::new(Key::new(1, 1), count as u64);
        if is_wanted("permutation") {
            let mut out = vec![0; count];
            report(&name("permutation"), best(count, || permutation.fill(0, &mut out)));
        }
        if is_wanted("take") {
            let mut places = vec![0; count];
            permutation.fill(0, &mut places);
            let places = NdArray::from_vec(&[count], places).unwrap();
            report(&name("take"), best(count, || drop(take(&doubles, &places, 0, OutOfBounds::Raise).unwrap())));
        }
        if is_wanted("uniform") {
            let make = || drop(Distribution::Random.array(Key::new(1, 1), DType::F64, &[count]).unwrap());
            report(&name("uniform"), best(count, make));
        }
    }
    let (rows, length) = (100, 1 << 16);
    let table = uniform(rows * length, 0.0, 1.0).reshape(&[rows, length]).unwrap();
    if is_wanted("fft of 100 rows, c128") {
        let complex = swath_kernels::fused::cast(&table, DType::C128).unwrap();
        report("fft of 100 rows, c128", best(rows * length, || drop(fft(&complex, None, 1, Norm::Backward).unwrap())));
    }
    if is_wanted("rfft of 100 rows, f64") {
        report("rfft of 100 rows, f64", best(rows * length, || drop(rfft(&table, None, 1, Norm::Backward).unwrap())));
    }
    if is_wanted("fft of 100 rows, f64") {
        report("fft of 100 rows, f64", best(rows * length, || drop(fft(&table, None, 1, Norm::Backward).unwrap())));
    }
    if is_wanted("qr 100000 x 100") {
        let tall = uniform(10_000_000, 0.0, 1.0).reshape(&[100_000, 100]).unwrap();
        report("qr 100000 x 100", best(10_000_000, || drop(qr(&tall, QrMode::Reduced).unwrap())));
    }
}

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let is_wanted = |name: &str| name.contains(&wanted);
    let report = |name: &str, nanoseconds: f64| println!("{name:24} {nanoseconds:8.3} ns an element");
    peers(&is_wanted, &report);
    for (name, low, high) in [
        ("exp", -10.0, 10.0),
        ("exp2", -10.0, 10.0),
        ("expm1", -10.0, 10.0),
        ("log", 0.0, 100.0),
        ("log2", 0.0, 100.0),
        ("log10", 0.0, 100.0),
        ("log1p", 0.0, 100.0),
        ("sin", -100.0, 100.0),
        ("cos", -100.0, 100.0),
        ("tan", -100.0, 100.0),
        ("arcsin", -1.0, 1.0),
        ("arccos", -1.0, 1.0),
        ("arctan", -10.0, 10.0),
        ("sinh", -10.0, 10.0),
        ("cosh", -10.0, 10.0),
        ("tanh", -10.0, 10.0),
        ("arcsinh", -10.0, 10.0),
        ("arccosh", 1.0, 10.0),
        ("arctanh", -1.0, 1.0),
        ("cbrt", -10.0, 10.0),
        ("sqrt", 0.0, 10.0),
        ("floor", -10.0, 10.0),
        ("negative", -10.0, 10.0),
    ] {
        if is_wanted(name) {
            let array = uniform(SMALL, low, high);
            report(name, best(SMALL, || drop(elementwise(name, &[&array]).unwrap())));
            let single = swath_kernels::fused::cast(&array, DType::F32).unwrap();
            report(&format!("{name} f32"), best(SMALL, || drop(elementwise(name, &[&single]).unwrap())));
        }
    }
    let (a, b) = (uniform(SMALL, 0.1, 10.0), uniform(SMALL, -3.0, 3.0));
    for name in
        ["add", "multiply", "divide", "power", "arctan2", "hypot", "floor_divide", "remainder", "maximum", "less"]
    {
        if is_wanted(name) {
            report(name, best(SMALL, || drop(elementwise(name, &[&a, &b]).unwrap())));
        }
    }
    if is_wanted("fused") {
        let [a, b, c] = [1.0, 2.0, 3.0].map(|scale| uniform(LARGE, 0.0, scale));
        let mut build = Builder::new();
        let inputs = [0, 1, 2].map(|index| build.input(index, DType::F64));
        let sum = build.call("add", &inputs[..2]).unwrap();
        let product = build.call("multiply", &[sum, inputs[2]]).unwrap();
        let program = build.finish(&[Output::Reduce(product, Reduction::Sum, vec![0])]).unwrap();
        let inputs = [a, b, c];
        let time = best(LARGE, || drop(program.run(&Block::whole(&[LARGE]), &inputs).unwrap()));
        report("fused ((a+b)*c).sum()", time);
        println!("{:24} {:8.2} ms", "", time * LARGE as f64 / 1e6);
    }
    let large = uniform(LARGE, 0.0, 1.0);
    let table = large.reshape(&[10_000, 1_000]).unwrap();
    let narrow = large.reshape(&[1_000_000, 10]).unwrap();
    for reduction in [
        Reduction::Sum,
        Reduction::Mean,
        Reduction::Std { ddof: 0.0 },
        Reduction::Min,
        Reduction::ArgMax,
        Reduction::NanSum,
        Reduction::NanMean,
        Reduction::CountNonzero,
        Reduction::Prod,
    ] {
        if is_wanted(reduction.name()) {
            for (array, axis, what) in [
                (&table, None, "all"),
                (&table, Some(0), "axis 0"),
                (&table, Some(1), "axis 1"),
                (&narrow, Some(0), "narrow 0"),
                (&narrow, Some(1), "narrow 1"),
            ] {
                let axes = axis.map(|axis| vec![axis]);
                let time = best(LARGE, || drop(reduce(reduction, array, axes.as_deref(), false).unwrap()));
                report(&format!("{} {what}", reduction.name()), time);
            }
        }
    }
    if is_wanted("small") {
        let one = uniform(10, 0.0, 1.0);
        report(
            "small add, 10 elements",
            best(SMALL, || (0..SMALL / 10).for_each(|_| drop(elementwise("add", &[&one, &one])))) * 10.0,
        );
    }
}
