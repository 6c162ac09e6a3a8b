//! The promises about the workspace: which crate may know which, and one version each of what must not come twice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Each crate of the workspace with the ones of it that it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("swath-solvers", &[]),
    ("swath-kernels", &["swath-solvers"]),
    ("swath-arrays", &["swath-kernels"]),
    ("swath-blocks", &["swath-arrays", "swath-kernels"]),
    ("swath-nd", &["swath-array-io", "swath-arrays", "swath-blocks", "swath-kernels"]),
    ("swath-array-io", &["swath-arrays", "swath-kernels"]),
    ("swath-planner", &["swath-arrays", "swath-kernels"]),
    ("swath-shuffle", &[]),
    ("swath-exec", &["swath-arrays", "swath-blocks", "swath-kernels", "swath-planner", "swath-shuffle"]),
    ("swath-cluster", &["swath-exec", "swath-planner", "swath-shuffle"]),
    (
        "swath-collections",
        &[
            "swath-array-io",
            "swath-arrays",
            "swath-cluster",
            "swath-exec",
            "swath-kernels",
            "swath-nd",
            "swath-planner",
            "swath-shuffle",
        ],
    ),
    ("swath-sql", &["swath-collections"]),
    ("swath-tpch", &["swath-collections"]),
    ("swath-flight-sql", &["swath-cluster", "swath-collections", "swath-shuffle"]),
    ("swath", &["swath-cluster", "swath-collections", "swath-flight-sql", "swath-sql", "swath-tpch"]),
    ("swath-python", &["swath", "swath-arrays", "swath-blocks", "swath-collections"]),
    ("xtask", &[]),
    ("workspace-hack", &[]),
];

/// Crates of which two versions would not understand each other's types.
const ONCE: &[&str] = &[
    "arrow",
    "arrow-array",
    "arrow-schema",
    "datafusion",
    "datafusion-common",
    "object_store",
    "parquet",
    "pyo3",
    "tonic",
];

fn manifest(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("Cargo.toml")).unwrap()
}

/// The names under `[dependencies]` that belong to the workspace.
fn workspace_dependencies(manifest: &str) -> BTreeSet<String> {
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    section
        .lines()
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| name.starts_with("swath"))
        .map(str::to_owned)
        .collect()
}

/// The project's folder, as cargo says it now: two clones may share a target folder, and the path that was compiled in may be the other's.
pub fn project() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

#[test]
fn dependencies_point_one_way() {
    let root = project();
    let mut folders = vec![root.clone(), root.join("python"), root.join("xtask")];
    folders.extend(std::fs::read_dir(root.join("crates")).unwrap().map(|entry| entry.unwrap().path()));
    let mut seen = BTreeSet::new();
    for folder in folders {
        let text = manifest(&folder);
        let name = text.split("name = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let (_, allowed) = MAY_USE.iter().find(|(known, _)| *known == name).unwrap_or_else(|| {
            panic!("crate {name} is new: say in tests/suite/house.rs and in the README what it may use")
        });
        for used in workspace_dependencies(&text) {
            assert!(allowed.contains(&used.as_str()), "{name} must not depend on {used}");
        }
        seen.insert(name);
    }
    assert_eq!(seen.len(), MAY_USE.len(), "a crate was removed: {seen:?}");
}

#[test]
fn base_crates_stand_once_in_the_lockfile() {
    let lock = std::fs::read_to_string(project().join("Cargo.lock")).unwrap();
    for name in ONCE {
        let count = lock.lines().filter(|line| *line == format!("name = \"{name}\"")).count();
        assert!(count <= 1, "{name} stands {count} times in Cargo.lock");
    }
    assert!(lock.contains("name = \"arrow\"") && lock.contains("name = \"datafusion\""));
}
