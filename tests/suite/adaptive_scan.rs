//! A Parquet scan under a join picks its form by what the build side wants, and the rows are the same in both.

use arrow::util::pretty::pretty_format_batches;
use swath::prelude::Session;

/// A session with a large table `facts` and a small one `dims` on disk, which decodes late up to `fraction`.
fn session(folder: &std::path::Path, fraction: &str) -> Session {
    let session = Session::embedded().threads(2).set("swath.late_decoding_fraction", fraction).build().unwrap();
    let (facts, dims) = (folder.join("facts.parquet"), folder.join("dims.parquet"));
    if !facts.exists() {
        let tables = [
            (&facts, "SELECT value * 7 % 100000 AS k, value AS v, 'text ' || value AS t FROM range(300000)"),
            (&dims, "SELECT value * 100 AS id, value % 10 AS kind FROM range(1000)"),
        ];
        for (path, query) in tables {
            session.sql(&format!("COPY ({query}) TO '{}'", path.display())).unwrap().collect().unwrap();
        }
    }
    session.register_parquet("facts", facts.to_str().unwrap()).unwrap();
    session.register_parquet("dims", dims.to_str().unwrap()).unwrap();
    session
}

const FEW: &str = "SELECT k, v, t FROM dims JOIN facts ON id = k WHERE kind = 3 AND id < 5000 ORDER BY v";
const MANY: &str = "SELECT count(*), sum(v), max(t) FROM dims JOIN facts ON id / 100 = k % 1000";

#[test]
fn few_wanted_rows_are_decoded_late_and_many_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let adaptive = session(folder.path(), "0.03");
    let report = adaptive.sql(FEW).unwrap().explain_analyze().unwrap().to_string();
    assert!(report.contains("chosen=late"), "{report}");
    let everything = "SELECT sum(v), max(t) FROM dims JOIN facts ON id = k - k % 100";
    let report = adaptive.sql(everything).unwrap().explain_analyze().unwrap().to_string();
    assert!(!report.contains("chosen=late"), "{report}");
}

#[test]
fn the_form_never_changes_a_result() {
    let folder = tempfile::tempdir().unwrap();
    let rows = |fraction: &str, query: &str| {
        let batches = session(folder.path(), fraction).sql(query).unwrap().collect().unwrap();
        pretty_format_batches(&batches).unwrap().to_string()
    };
    for query in [FEW, MANY] {
        let plain = rows("0", query);
        assert_eq!(plain, rows("1", query), "{query}");
        assert_eq!(plain, rows("0.03", query), "{query}");
    }
    // Five rows of `dims`, each with three rows of `facts`; four lines are the frame of the table.
    assert_eq!(rows("1", FEW).lines().count(), 5 * 3 + 4);
}
