//! Work on more than fits into memory: 8 GB of `float64`, made block by block, under a limit of 1 GB.
//!
//! `cargo bench -p swath-blocks --bench out_of_core -- [NAME…]`; `GB` (whole data), `LIMIT_MB`, `THREADS` and `FOLDER` (spilled blocks)
//! stand in the environment. Fails if resident memory exceeds the limit by more than 256 MB.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod work;

use std::time::Instant;

use swath_arrays::Plan;
use swath_blocks::{Cancel, Engine, Progress};
use work::{Data, WORK, resident_mb};

const SLACK_MB: u64 = 256;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|name| !name.starts_with('-')).collect();
    let number = |name: &str, otherwise: usize| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let (gigabytes, limit_mb) = (number("GB", 8), number("LIMIT_MB", 1024) as u64);
    let folder = std::env::var_os("FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let engine = Engine::new(number("THREADS", 2), limit_mb << 20, folder);
    let data = Data { rows: gigabytes * (1 << 30) / 8 / 4096, columns: 4096, chunk_rows: 1024 };
    let mut failed = false;
    for (name, make) in WORK {
        if !names.is_empty() && !names.iter().any(|wanted| name.contains(wanted.as_str())) {
            continue;
        }
        // The high-water mark of resident memory starts anew.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let start = Instant::now();
        let plan = Plan::new(&[make(data)], engine.plan_options()).unwrap();
        let progress = Progress::new();
        engine.run_watched(&plan, &Cancel::new(), &progress).unwrap();
        let (seconds, resident) = (start.elapsed().as_secs_f64(), resident_mb());
        println!("{name:24} {seconds:7.1} s, {resident} MB resident at most, limit {limit_mb} MB");
        print!("{}", progress.metrics().table());
        failed |= resident > limit_mb + SLACK_MB;
    }
    assert!(!failed, "resident memory went beyond the limit by more than {SLACK_MB} MB");
}
