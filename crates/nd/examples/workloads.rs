//! The work on arrays by which Swath is compared (`cargo xtask compare arrays`): `benches/arrays/workloads.py` has the same for the
//! peers, with the same numbers. Answers commands on standard input as `benches/serve.py` says.

// Slices count from the end; Clippy takes 1..-1 for a range of numbers.
#![allow(clippy::print_stdout, clippy::reversed_empty_ranges)]

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use ndarray::{Array2, ArrayView2, s as cut};
use swath_arrays::ArrayError;
use swath_nd::{Array, Arrays, Boundary, DType, NdArray, s};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const MILLION: usize = 1_000_000;

/// Numbers in [0, 1): the i-th is SplitMix64 of `i + seed * 2^40`.
fn uniform(shape: &[usize], seed: u64) -> Result<NdArray> {
    let numbers = (1..=shape.iter().product::<usize>() as u64).map(|i| {
        let mut z = i.wrapping_add(seed << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 * (-53_f64).exp2()
    });
    Ok(NdArray::from_vec(shape, numbers.collect())?)
}

/// The shapes of a workload's inputs; none for what is not known.
fn shapes(name: &str) -> Vec<Vec<usize>> {
    match name {
        "fused_sum" => vec![vec![10 * MILLION]; 3],
        "many_chunks" | "mask_sum" | "percentile" | "sort" => vec![vec![10 * MILLION]],
        "transpose_add" | "rechunk" => vec![vec![4000, 4000]],
        "matmul" => vec![vec![4000, 4000]; 2],
        "tiny" => vec![vec![10]],
        "standardise" => vec![vec![10 * MILLION, 10]],
        "exp_sum" => vec![vec![100 * MILLION]],
        "qr" | "svd" => vec![vec![MILLION, 100]],
        "svd_compressed" => vec![vec![20_000, 10], vec![10, 20_000]],
        "svd_noise" => vec![vec![20_000, 10], vec![10, 20_000], vec![20_000, 20_000]],
        "fft" => vec![vec![1000, 65_536]],
        "stencil" | "argmax_axis" => vec![vec![8000, 8000]],
        "climatology" | "anomaly" => vec![vec![3650, 90, 180]],
        "swap_axes" => vec![vec![400, 400, 400]],
        "vorticity" => vec![vec![8000, 8000]; 2],
        _ => vec![],
    }
}

/// The inputs of a workload, in memory.
fn inputs(arrays: &Arrays, name: &str) -> Result<Vec<Array>> {
    let mut inputs = vec![];
    for (seed, shape) in shapes(name).iter().enumerate() {
        let array = uniform(shape, seed as u64)?;
        inputs.push(match name {
            "many_chunks" => arrays.from_array_in(array, 1000),
            "rechunk" => arrays.from_array_in(array, [1000, 1000]),
            "climatology" | "anomaly" => {
                let single = arrays.from_array(array).astype(DType::F32).compute()?;
                arrays.from_array(single)
            }
            _ => arrays.from_array(array),
        });
    }
    if let ("svd_noise", [a, b, noise]) = (name, inputs.as_slice()) {
        // A matrix that is near one of rank 10, in memory.
        let matrix = (a.matmul(b) + noise * 0.01).compute()?;
        inputs = vec![arrays.from_array(matrix)];
    }
    Ok(inputs)
}

/// The mean of the four neighbours of each element of a block with a margin of one element.
fn average_of_neighbours(block: &NdArray) -> std::result::Result<NdArray, ArrayError> {
    let (rows, columns) = (block.shape()[0], block.shape()[1]);
    let elements = block.contiguous();
    let slice = elements.as_slice::<f64>().unwrap_or_default();
    let x = ArrayView2::from_shape((rows, columns), slice).map_err(|error| ArrayError::invalid(error.to_string()))?;
    let mut out = Array2::<f64>::zeros((rows - 2, columns - 2));
    ndarray::Zip::from(&mut out)
        .and(x.slice(cut![..-2, 1..-1]))
        .and(x.slice(cut![2.., 1..-1]))
        .and(x.slice(cut![1..-1, ..-2]))
        .and(x.slice(cut![1..-1, 2..]))
        .for_each(|out, up, down, left, right| *out = 0.25 * (up + down + left + right));
    Ok(NdArray::from_vec(&[rows - 2, columns - 2], out.into_raw_vec_and_offset().0)?)
}

fn work(name: &str, x: &[Array]) -> Option<Array> {
    let years = |x: &Array| x.reshape([10, 365, 90, 180]);
    Some(match (name, x) {
        ("fused_sum", [a, b, c]) => ((a + b) * c).sum(()),
        ("many_chunks", [x]) => (x + 1).sum(()),
        ("transpose_add", [x]) => x + x.t(),
        ("matmul", [x, y]) => x.matmul(y),
        ("rechunk", [x]) => x.rechunk([4000, 250]).map_blocks(DType::F64, |block, _| Ok(block.clone())),
        ("tiny", [x]) => x + 1,
        ("standardise", [x]) => (x - x.mean(0)) / x.std(0),
        ("exp_sum", [x]) => (-x.power(2)).exp().sum(()),
        ("qr", [x]) => x.qr().1,
        ("svd", [x]) => x.svd().1,
        ("svd_compressed", [a, b]) => a.matmul(b).svd_compressed(10, 0, 0).1,
        ("svd_noise", [x]) => x.svd_compressed(10, 2, 0).1,
        ("fft", [x]) => x.fft(None, 1, swath_nd::Norm::default()),
        ("mask_sum", [x]) => x.slice(s![&x.gt(0.5)]).sum(()),
        ("percentile", [x]) => x.percentiles(&[1.0, 50.0, 99.0], (), Default::default()),
        ("stencil", [x]) => {
            x.map_overlap(&[(1, 1), (1, 1)], Boundary::Nearest, DType::F64, |block, _| average_of_neighbours(block))
        }
        ("climatology", [x]) => years(x).mean(0),
        ("anomaly", [x]) => years(x) - years(x).mean(0),
        ("swap_axes", [x]) => x.swapaxes(0, 2),
        ("vorticity", [u, v]) => {
            let along = v.slice(s![1..-1, 2..]) - v.slice(s![1..-1, ..-2]);
            let across = u.slice(s![2.., 1..-1]) - u.slice(s![..-2, 1..-1]);
            (along - across) * 0.5
        }
        ("sort", [x]) => x.sort(0),
        ("argmax_axis", [x]) => x.argmax(0),
        _ => return None,
    })
}

/// A number by which results are compared: signs of factors are arbitrary, and large results are sampled.
fn check(result: &NdArray) -> Result<f64> {
    let flat = result.contiguous().reshape(&[result.len()])?;
    let step = (result.len() / 100_003).max(1);
    let mut sum = 0.0;
    for position in (0..result.len()).step_by(step) {
        let value = flat.get(&[position])?.to::<swath_nd::Complex<f64>>();
        sum += value.norm();
    }
    Ok(sum)
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let threads = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--threads"), Some(threads)) => threads.parse()?,
        _ => return Err("usage: workloads --threads N".into()),
    };
    let arrays = Arrays::builder().threads(threads).memory_limit_bytes(8 << 30).build();
    let (mut held, mut held_name) = (vec![], String::new());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, name) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let reply = match command {
            "quit" => break,
            "ready?" => r#"{"ready": true}"#.to_owned(),
            "run" => {
                if held_name != name {
                    held.clear();
                    (held, held_name) = (inputs(&arrays, name)?, name.to_owned());
                }
                let begin = Instant::now();
                let result = work(name, &held).map(|array| array.compute());
                let seconds = begin.elapsed().as_secs_f64();
                match result {
                    None => format!(r#"{{"query": "{name}", "offered": false}}"#),
                    Some(Err(error)) => format!(r#"{{"query": "{name}", "error": {:?}}}"#, error.to_string()),
                    Some(Ok(result)) => {
                        format!(r#"{{"query": "{name}", "seconds": {seconds}, "check": {}}}"#, check(&result)?)
                    }
                }
            }
            other => format!(r#"{{"error": "expected ready?, run <name> or quit, got {other}"}}"#),
        };
        println!("{reply}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
