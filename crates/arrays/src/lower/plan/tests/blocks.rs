//! Functions over blocks with margins, sinks, and plans in more steps or smaller chunks than were asked for.

use std::any::Any;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::*;
use crate::expr::op::Boundary;
use crate::{ArraySink, BlockContext, BlockFunction, Region};

/// What is never run here: executors hold functions with margins to the kernels.
struct Neighbours;

impl BlockFunction for Neighbours {
    fn id(&self) -> &str {
        "neighbours"
    }

    fn name(&self) -> String {
        "neighbours".to_owned()
    }

    fn apply(&self, _: &[NdArray], _: &BlockContext) -> Result<NdArray> {
        Err(ArrayError::internal("a plan was run"))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn margins_are_read_with_their_blocks() {
    let x = stored(&[8, 4], &[4, 4]);
    let y = x.map_overlap(Arc::new(Neighbours), &[(1, 1), (0, 0)], Boundary::Reflect, DType::F64).unwrap();
    let text = planned(&y).explain();
    insta::assert_snapshot!(text[text.find("Stages:").unwrap()..].to_owned(), @"
    Stages: 2 with 4 tasks, at most 448 B a task
      0 ChunkSource: 2 tasks of 256 B -> float64 [4x2, 4]
          <- stored [4x2, 4] [a[0:8], b[0:4]]
      1 Halo neighbours: 2 tasks of 448 B -> float64 [4x2, 4]
          <- stage 0 [4x2, 4] halo [(1, 1), (0, 0)]
    ");
}

/// Remembers what it was given.
struct Remembers(Mutex<Vec<(Region, usize)>>);

impl ArraySink for Remembers {
    fn id(&self) -> &str {
        "remembers"
    }

    fn name(&self) -> String {
        "remembers".to_owned()
    }

    fn grid(&self) -> Option<ChunkGrid> {
        Some(ChunkGrid::regular(&[8, 6], &[4, 3]))
    }

    fn write(&self, region: &[Range<usize>], block: &NdArray) -> Result<()> {
        self.0.lock().unwrap().push((region.iter().cloned().collect(), block.len()));
        Ok(())
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn blocks_are_stored_as_the_sink_asks() {
    let sink = Arc::new(Remembers(Mutex::default()));
    let y = stored(&[8, 6], &[2, 6]).add(1.0).unwrap().store(sink.clone()).unwrap();
    let plan = planned(&y);
    run_plan(&plan).unwrap();
    let text = plan.explain();
    insta::assert_snapshot!(text[text.find("Stages:").unwrap()..].to_owned(), @"
    Stages: 5 with 17 tasks, at most 384 B a task
      0 ChunkSource: 4 tasks of 192 B -> float64 [2x4, 6]
          <- stored [2x4, 6] [a[0:8], b[0:6]]
      1 Assemble: 4 tasks of 288 B -> float64 [4x2, 3x2]
          <- stage 0 [2x4, 6] [a[0:8], b[0:6]]
      2 Fused: 4 tasks of 384 B -> float64 [4x2, 3x2]
          <- stage 1 [4x2, 3x2] [a[0:8], b[0:6]]
          r0: float64 = input 0
          r1: float64 = 1
          r2: float64 = add(r0, r1)
          -> r2
      3 Store remembers: 4 tasks of 104 B -> int64 [1x2, 1x2]
          <- stage 2 [4x2, 3x2] [a[0:8], b[0:6]]
      4 Add: 1 task of 40 B -> int64 []
          <- stage 3 [1x2, 1x2] [2, 2] blocks
    ");
    let written = sink.0.lock().unwrap();
    assert_eq!(written.iter().map(|(_, elements)| elements).sum::<usize>(), 48);
    assert!(written.iter().all(|(region, elements)| (region[0].len(), region[1].len(), *elements) == (4, 3, 12)));
}

#[test]
fn rechunks_go_in_two_steps_within_the_limit() {
    let x = stored(&[4096, 4096], &[8, 4096]);
    let turned = x.rechunk_to(ChunkGrid::regular(&[4096, 4096], &[4096, 8])).unwrap();
    let steps = |limit_bytes: u64| {
        let options = PlanOptions { task_limit_bytes: limit_bytes, parallelism: 2, keep_bytes: 1 << 30 };
        let plan = Plan::new(std::slice::from_ref(&turned), options).unwrap();
        assert!(plan.projected_memory() <= limit_bytes, "{}", plan.explain());
        let assembled = plan.stages.iter().filter(|stage| matches!(stage.step, Step::Assemble)).count();
        (assembled, plan.halvings > 0)
    };
    // Blocks of 256 KiB go through larger ones; where those do not fit, all are made smaller.
    assert_eq!(steps(8 << 20), (2, false));
    assert!(steps(300 << 10).1);
    // Nothing makes an element smaller.
    let options = PlanOptions { task_limit_bytes: 7, parallelism: 2, keep_bytes: 1 << 30 };
    let error = Plan::new(std::slice::from_ref(&turned), options).unwrap_err().to_string();
    assert!(error.starts_with("Read stored") && error.contains("but a task may take 7"), "{error}");
}

#[test]
fn large_matrices_and_their_transposes_are_planned_quickly() {
    let x = generated(&[32_000, 32_000], &[250, 32_000]);
    let y = x.add(x.t().unwrap()).unwrap();
    // The least of some: others may have the processor.
    let times = (0..5).map(|_| {
        let start = std::time::Instant::now();
        let plan = planned(&y);
        assert!(plan.task_count() < 5000, "{}", plan.explain());
        start.elapsed().as_millis()
    });
    assert!(times.min().unwrap() < 100);
}
