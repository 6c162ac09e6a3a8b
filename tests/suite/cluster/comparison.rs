//! Everything that has known answers, on clusters of several sizes. It takes minutes, so it is asked for:
//! `cargo test --release -p swath --test suite cluster::comparison -- --ignored --nocapture`.

use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use swath::prelude::*;

use super::builder;

/// Worker counts; each worker has one thread.
const WORKERS: [usize; 3] = [1, 2, 4];

fn cluster(workers: usize) -> LocalCluster {
    builder().workers(workers).threads(1).memory_limit((4 << 30) / workers).start().unwrap()
}

#[test]
#[ignore = "takes a minute: run it by its name"]
fn the_sql_corpus_on_one_two_and_four_workers() {
    for workers in WORKERS {
        let cluster = cluster(workers);
        for small_input_rows in ["0", "65536"] {
            let begin = Instant::now();
            crate::slt::run_all(&|| {
                let session = Session::connect(cluster.address()).threads(2);
                session.set("swath_cluster.small_input_rows", small_input_rows).build()
            });
            println!("corpus, {workers} workers, small_input_rows={small_input_rows}: {:?}", begin.elapsed());
        }
    }
}

#[test]
#[ignore = "takes minutes: run it by its name"]
fn tpch_at_three_scales_on_one_two_and_four_workers() {
    let folder = tempfile::tempdir().unwrap();
    for scale in ["0.01", "0.1", "1"] {
        for workers in WORKERS {
            let cluster = cluster(workers);
            let (report, begin) = (folder.path().join("report.json"), Instant::now());
            let mut command = Command::new(env!("CARGO_BIN_EXE_swath"));
            command.args(["tpch", "run", "--scale", scale, "--form", "both", "--connect", cluster.address()]);
            command.arg("--json").arg(&report);
            if scale != "1" {
                command.arg("--data").arg(folder.path().join(scale));
            }
            let result = command.output().unwrap();
            let (printed, complaint) =
                (String::from_utf8_lossy(&result.stdout), String::from_utf8_lossy(&result.stderr));
            assert!(result.status.success(), "scale {scale}, {workers} workers:\n{printed}\n{complaint}");
            let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
            let outcomes = report["outcomes"].as_array().unwrap();
            assert_eq!(outcomes.len(), 44);
            // Against the reference where there is one, else the forms against each other.
            assert!(outcomes.iter().all(|outcome| outcome["verified"] == true), "scale {scale}: {report}");
            println!("tpch scale {scale}, {workers} workers: {:?}", begin.elapsed());
        }
    }
}
