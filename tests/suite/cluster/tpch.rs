//! TPC-H at scale 0.01 on the cluster, in both forms.

use std::process::Command;

use serde_json::Value;

use super::shared;

#[test]
fn all_queries_in_both_forms_give_the_reference_answers() {
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = (folder.path().join("data"), folder.path().join("report.json"));
    let result = Command::new(env!("CARGO_BIN_EXE_swath"))
        .args(["tpch", "run", "--scale", "0.01", "--form", "both", "--connect", shared().address()])
        // The largest table has 60,000 rows, and is to be read by several tasks.
        .args(["--set", "swath_cluster.small_input_rows=1000", "--data"])
        .arg(&data)
        .arg("--json")
        .arg(&report)
        .output()
        .unwrap();
    let (printed, complaint) = (String::from_utf8_lossy(&result.stdout), String::from_utf8_lossy(&result.stderr));
    assert!(result.status.success(), "{printed}\n{complaint}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap();
    assert_eq!(outcomes.len(), 44);
    assert!(outcomes.iter().all(|outcome| outcome["verdict"] == "verified"), "{report}");
}
