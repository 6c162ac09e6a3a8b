//! The bench's work on five times the limit, in a process of its own: its resident memory is asserted.
#![allow(clippy::unwrap_used)]

#[path = "../benches/out_of_core/work.rs"]
mod work;

use std::sync::Arc;

use swath_arrays::Plan;
use swath_blocks::{Cancel, Engine, MemoryLimit, Progress, SpillFolder, ThreadPool};
use work::{Data, WORK, resident_mb};

const LIMIT_MB: u64 = 32;
/// Beside the limit: the program, its threads' stacks, packed factors of products, and what was freed since it was last handed back.
const SLACK_MB: u64 = 64;

#[test]
fn resident_memory_stays_near_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Arc::new(MemoryLimit::new(LIMIT_MB << 20));
    let engine = Engine::builder()
        .threads(2)
        .memory(memory.clone())
        .spill(Arc::new(SpillFolder::new(folder.path())))
        .spawner(Arc::new(ThreadPool::new(1)))
        .build();
    let data = Data { rows: 20_480, columns: 1024, chunk_rows: 512 };
    let mut spilled = Vec::new();
    for (name, make) in WORK {
        let plan = Plan::new(&[make(data)], engine.plan_options()).unwrap();
        assert!(plan.projected_memory() <= (LIMIT_MB << 20) / 2, "{name}\n{}", plan.explain());
        let progress = Progress::new();
        let counted = engine.run_watched(&plan, &Cancel::new(), &progress).unwrap();
        assert!(counted[0].item().unwrap().to::<i64>() > 0);
        let (metrics, resident) = (progress.metrics(), resident_mb());
        assert!(metrics.peak_bytes <= LIMIT_MB << 20, "{name}\n{}", metrics.table());
        assert!(resident <= LIMIT_MB + SLACK_MB, "{name}: {resident} MB\n{}\n{}", plan.explain(), metrics.table());
        spilled.push((*name, metrics.bytes_spilled() >> 20));
    }
    // What must pass through the disk does, and the rest does not.
    let through: Vec<&str> = spilled.iter().filter(|(_, megabytes)| *megabytes > 16).map(|(name, _)| *name).collect();
    assert_eq!(through, ["rechunk", "sort"], "{spilled:?}");
    assert!(memory.peak() > (LIMIT_MB << 20) * 3 / 4);
}
