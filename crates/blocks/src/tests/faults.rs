//! Functions that panic or break their promise, sources and sinks that fail, runs that are cancelled.

use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use swath_arrays::ArraySink;

use super::*;
use crate::{BlocksError, interrupt};

fn failure(root: &ArrayExpr) -> BlocksError {
    let setup = setup(3, 1 << 30);
    let plan = Plan::new(std::slice::from_ref(root), setup.options()).unwrap();
    setup.run(&plan).unwrap_err()
}

#[test]
fn panics_name_function_and_block() {
    let x = stored(&[8, 4], &[2, 4], DType::F64);
    let error = failure(&mapped(&x, "unlucky", |block, context| {
        assert!(context.block != [2, 0], "no luck with {}", context.block[0]);
        block.clone()
    }));
    assert_eq!(error.to_string(), "unlucky panicked in block [2, 0]: no luck with 2");
}

#[test]
fn promises_are_held() {
    let x = stored(&[8], &[2], DType::F64);
    let error = failure(&mapped(&x, "short", |block, _| block.slice(&[SliceSpec::from(0..1)]).unwrap())).to_string();
    assert!(error.starts_with("short gave float64 of shape [1] for block"), "{error}");
    assert!(error.contains("but float64 of shape [2] was promised"), "{error}");
    let error = failure(&mapped(&x, "other", |block, _| fused::cast(block, DType::I8).unwrap())).to_string();
    assert!(error.contains("gave int8"), "{error}");
}

/// A source that gives only some boxes.
struct Broken;

impl ArraySource for Broken {
    fn id(&self) -> &str {
        "broken"
    }

    fn name(&self) -> String {
        "broken".to_owned()
    }

    fn shape(&self) -> &[usize] {
        &[10]
    }

    fn dtype(&self) -> DType {
        DType::F64
    }

    fn preferred_grid(&self) -> ChunkGrid {
        ChunkGrid::regular(&[10], &[2])
    }

    fn read(&self, region: &[Range<usize>]) -> swath_arrays::Result<NdArray> {
        if region[0].end <= 6 {
            return Ok(NdArray::zeros(DType::F64, &[region[0].len()])?);
        }
        Err(swath_arrays::ArrayError::invalid(format!("broken: cannot read {region:?}")))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn sources_may_fail() {
    let x = ArrayExpr::read(Arc::new(Broken), &chunks(&[2])).unwrap();
    let error = failure(&x.add(1.0).unwrap().sort(0, false).unwrap()).to_string();
    assert!(error.starts_with("broken: cannot read"), "{error}");
}

/// A sink that counts, or fails.
#[derive(Default)]
struct Sink {
    fails: bool,
    written: Mutex<Vec<(Region, NdArray)>>,
    finished: AtomicUsize,
}

struct SinkOf(String, Arc<Sink>);

impl ArraySink for SinkOf {
    fn id(&self) -> &str {
        &self.0
    }

    fn name(&self) -> String {
        "sink".to_owned()
    }

    fn write(&self, region: &[Range<usize>], block: &NdArray) -> swath_arrays::Result<()> {
        let mut written = self.1.written.lock().unwrap();
        if self.1.fails && written.len() == 3 {
            return Err(swath_arrays::ArrayError::invalid("sink: no room"));
        }
        assert_eq!(self.1.finished.load(Ordering::SeqCst), 0);
        written.push((region.iter().cloned().collect(), block.clone()));
        Ok(())
    }

    fn finish(&self) -> swath_arrays::Result<()> {
        self.1.finished.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[test]
fn sinks_are_finished_once_or_not_at_all() {
    for fails in [false, true] {
        let sink = Arc::new(Sink { fails, ..Sink::default() });
        let x = stored(&[9, 5], &[2, 2], DType::F64);
        let y = x.t().unwrap().add(1.0).unwrap();
        let id = format!("sink:{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let root = y.store(Arc::new(SinkOf(id, sink.clone()))).unwrap();
        let setup = setup(3, 1 << 30);
        let plan = Plan::new(&[root], setup.options()).unwrap();
        let outcome = setup.run(&plan);
        assert_eq!(sink.finished.load(Ordering::SeqCst), usize::from(!fails));
        if fails {
            assert_eq!(outcome.unwrap_err().to_string(), "sink: no room");
            continue;
        }
        assert_eq!(outcome.unwrap()[0].item().unwrap(), swath_kernels::Scalar::I64(15));
        let written = sink.written.lock().unwrap();
        let parts =
            written.iter().map(|(region, block)| (region.iter().map(|range| range.start).collect::<Vec<_>>(), block));
        assert_close(&arrange::assemble(DType::F64, &[5, 9], parts).unwrap(), &evaluate(&y), "");
    }
}

#[test]
fn a_cancelled_run_ends_soon() {
    let setup = setup(2, 8 << 20);
    let x = random(&[2048, 1024], &[64, 1024]);
    let slow = mapped(&x, "slow", |block, _| {
        std::thread::sleep(Duration::from_millis(20));
        block.clone()
    });
    let root = slow.rechunk(&chunks(&[2048, 64])).unwrap();
    let plan = Plan::new(&[root], setup.options()).unwrap();
    let cancel = Cancel::new();
    let progress = Progress::new();
    let start = Instant::now();
    let outcome = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.engine.run_watched(&plan, &cancel, &progress));
        while progress.snapshot().tasks_done < 10 {
            std::thread::sleep(Duration::from_millis(1));
        }
        cancel.cancel();
        run.join().unwrap()
    });
    assert!(matches!(outcome, Err(BlocksError::Cancelled)));
    assert!(start.elapsed() < Duration::from_secs(30) && progress.snapshot().tasks_done < 40);
    assert_eq!(crate::Memory::reserved(&*setup.memory), 0);
    assert_eq!(std::fs::read_dir(setup.folder.path()).unwrap().count(), 0);
    assert!(matches!(setup.engine.run(&plan, &cancel), Err(BlocksError::Cancelled)));
}

#[test]
fn a_wait_ends_when_asked_and_tells_how_far_the_run_is() {
    let setup = setup(2, 64 << 20);
    let x = random(&[2048, 1024], &[64, 1024]);
    let slow = mapped(&x, "slow", |block, _| {
        std::thread::sleep(Duration::from_millis(20));
        block.clone()
    });
    let plan = Plan::new(&[slow], setup.options()).unwrap();
    let progress = Progress::new();
    let seen = progress.clone();
    let waits = || progress.over(|| setup.engine.run(&plan, &Cancel::new()));
    let outcome = interrupt::interruptible(move || seen.snapshot().tasks_done > 2, waits);
    assert!(matches!(outcome, Err(BlocksError::Cancelled)));
    assert!((2..32).contains(&progress.snapshot().tasks_done), "{:?}", progress.snapshot());
    assert_eq!(crate::Memory::reserved(&*setup.memory), 0);
    // Nobody asks any more: it runs to its end.
    assert!(!interrupt::is_interruptible());
    setup.engine.run(&plan, &Cancel::new()).unwrap();
    // Asked, but not to end.
    interrupt::interruptible(|| false, || setup.engine.run(&plan, &Cancel::new())).unwrap();
}

#[test]
fn two_runs_share_an_engine() {
    let setup = setup(2, 6 << 20);
    let x = kept(&[512, 1024], &[64, 1024]);
    let root = x.rechunk(&chunks(&[512, 64])).unwrap().add(1.0).unwrap();
    let expected = evaluate(&root);
    let plan = Plan::new(std::slice::from_ref(&root), setup.options()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let found = setup.engine.run(&plan, &Cancel::new()).unwrap();
                assert_eq!(found[0], expected);
            });
        }
    });
    assert!(setup.memory.peak() <= 6 << 20);
}
