//! Working sets several times the limit, and disks that are full.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::*;
use crate::spill::{Spill, SpillFile};
use crate::{BlocksError, Memory, ThreadPool};

#[test]
fn what_does_not_fit_goes_to_disk_and_comes_back() {
    // 8 MB through 2 MB.
    let x = kept(&[1024, 1024], &[64, 1024]);
    let turned = x.rechunk(&chunks(&[1024, 64])).unwrap();
    let doubled = mapped(&turned, "between", |block, _| block.clone()).rechunk(&chunks(&[64, 1024])).unwrap();
    let square = kept(&[1024, 1024], &[64, 256]);
    let gram = square.t().unwrap().matmul(&square).unwrap();
    for root in [doubled, gram, turned.sort(0, false).unwrap(), x.subtract(x.mean(Some(&[0])).unwrap()).unwrap()] {
        let expected = evaluate(&root);
        for (threads, limit) in [(1, 3 << 20), (2, 5 << 20), (3, 8 << 20)] {
            let setup = setup(threads, limit);
            let plan = Plan::new(std::slice::from_ref(&root), setup.options()).unwrap();
            let (found, metrics) = setup.run_measured(&plan).unwrap();
            assert_close(&found[0], &expected, &plan.explain());
            assert!(metrics.peak_bytes > 0 && metrics.peak_bytes <= limit, "{}", metrics.table());
            // Blocks that are made again instead stay few.
            let is_kept = !matches!(root.op(), Op::Map(_) | Op::Contract(_));
            assert!(!is_kept || metrics.bytes_spilled() > 0, "{}\n{}", plan.explain(), metrics.table());
        }
    }
}

#[test]
fn states_go_to_disk_as_well() {
    // Each state of the first reduction is as large as the block that it comes from.
    let x = kept(&[64, 65_536], &[1, 65_536]);
    let root = x.std(Some(&[0])).unwrap();
    let setup = setup(2, 24 << 20);
    let plan = Plan::new(std::slice::from_ref(&root), setup.options()).unwrap();
    let (found, _) = setup.run_measured(&plan).unwrap();
    assert_close(&found[0], &evaluate(&root), &plan.explain());
}

/// A disk with so much room.
struct Full {
    room: usize,
    files: Arc<Mutex<usize>>,
}

struct FullFile {
    room: usize,
    bytes: Mutex<Vec<u8>>,
    files: Arc<Mutex<usize>>,
}

impl Spill for Full {
    fn create(&self) -> crate::Result<Arc<dyn SpillFile>> {
        *self.files.lock().unwrap() += 1;
        Ok(Arc::new(FullFile { room: self.room, bytes: Mutex::default(), files: Arc::clone(&self.files) }))
    }
}

impl SpillFile for FullFile {
    fn write_at(&self, position: u64, bytes: &[u8]) -> std::io::Result<()> {
        let end = position as usize + bytes.len();
        if end > self.room {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let mut all = self.bytes.lock().unwrap();
        let length = all.len().max(end);
        all.resize(length, 0);
        all[position as usize..end].copy_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, position: u64, bytes: &mut [u8]) -> std::io::Result<()> {
        let all = self.bytes.lock().unwrap();
        bytes.copy_from_slice(&all[position as usize..position as usize + bytes.len()]);
        Ok(())
    }

    fn name(&self) -> String {
        "full.spill".to_owned()
    }
}

impl Drop for FullFile {
    fn drop(&mut self) {
        *self.files.lock().unwrap() -= 1;
    }
}

#[test]
fn a_full_disk_is_told() {
    let root = kept(&[1024, 1024], &[64, 1024]).rechunk(&chunks(&[1024, 64])).unwrap();
    for (room, fits) in [(2 << 20, false), (64 << 20, true)] {
        let files = Arc::new(Mutex::new(0));
        let memory = Arc::new(MemoryLimit::new(4 << 20));
        let engine = Engine::builder()
            .threads(2)
            .memory(memory.clone())
            .spill(Arc::new(Full { room, files: Arc::clone(&files) }))
            .spawner(Arc::new(ThreadPool::new(1)))
            .build();
        let plan = Plan::new(std::slice::from_ref(&root), engine.plan_options()).unwrap();
        let outcome = engine.run(&plan, &Cancel::new());
        assert_eq!((*files.lock().unwrap(), memory.reserved()), (0, 0));
        match outcome {
            Ok(found) => {
                assert!(fits);
                assert_close(&found[0], &evaluate(&root), "");
            }
            Err(error) => {
                assert!(!fits && matches!(error, BlocksError::Spill { .. }), "{error}");
                let text = error.to_string();
                assert!(text.starts_with("cannot write the spill file full.spill"), "{text}");
                assert!(text.contains("free some space"), "{text}");
            }
        }
    }
}

#[test]
fn a_task_that_cannot_fit_is_named() {
    let setup = setup(2, 8 << 20);
    let root = kept(&[1 << 20], &[1 << 18]).sort(0, false).unwrap();
    // A plan for more memory than there is, and for one thread: several would share the line out.
    let plan = Plan::new(&[root], PlanOptions::new(1 << 30, 1)).unwrap();
    let error = setup.run(&plan).unwrap_err().to_string();
    assert!(error.contains("float64 [1048576] 8.0 MiB needs"), "{error}");
    assert!(error.contains("of the memory limit of 8.0 MiB are left"), "{error}");
    assert!(error.contains("use smaller chunks"), "{error}");
}

#[test]
fn views_of_the_users_arrays_cost_nothing() {
    let setup = setup(1, 1 << 20);
    let x = memory(&[512, 512], &[64, 64], DType::F64);
    let plan = Plan::new(&[x.sort(0, false).unwrap()], PlanOptions::new(32 << 20, 1)).unwrap();
    let _ = setup.run(&plan);
    let plan = Plan::new(&[x.rechunk(&chunks(&[512, 16])).unwrap()], setup.options()).unwrap();
    let (found, metrics) = setup.run_measured(&plan).unwrap();
    assert_eq!((&found[0], metrics.bytes_spilled()), (&evaluate(&x), 0));
}

/// An engine for a pool that others have filled.
fn in_pool(pool: &Arc<MemoryLimit>, patience: Duration) -> Engine {
    let (memory, spawner) = (Arc::clone(pool), Arc::new(ThreadPool::new(1)));
    Engine::builder().threads(2).memory(memory).spawner(spawner).patience(patience).build()
}

#[test]
fn memory_that_others_hold_is_waited_for() {
    let root = kept(&[1024, 256], &[128, 256]).rechunk(&chunks(&[1024, 32])).unwrap().sort(0, false).unwrap();
    let pool = Arc::new(MemoryLimit::new(8 << 20));
    assert!(pool.try_grow(8 << 20));
    let engine = in_pool(&pool, Duration::from_secs(60));
    let plan = Plan::new(std::slice::from_ref(&root), engine.plan_options()).unwrap();
    let others = std::thread::spawn({
        let pool = Arc::clone(&pool);
        move || {
            // They give back piece by piece, and take some of it again in between.
            for _ in 0..8 {
                std::thread::sleep(Duration::from_millis(20));
                pool.shrink(1 << 20);
                if pool.try_grow(1 << 19) {
                    std::thread::sleep(Duration::from_millis(5));
                    pool.shrink(1 << 19);
                }
            }
        }
    });
    let start = Instant::now();
    let found = engine.run(&plan, &Cancel::new()).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(20), "{:?}", start.elapsed());
    others.join().unwrap();
    assert_close(&found[0], &evaluate(&root), "");
    assert_eq!(pool.reserved(), 0);
}

#[test]
fn memory_that_others_keep_is_told() {
    let root = kept(&[1024, 256], &[128, 256]).sort(0, false).unwrap();
    let pool = Arc::new(MemoryLimit::new(8 << 20));
    assert!(pool.try_grow(8 << 20));
    let engine = in_pool(&pool, Duration::from_millis(50));
    let plan = Plan::new(std::slice::from_ref(&root), engine.plan_options()).unwrap();
    let start = Instant::now();
    let error = engine.run(&plan, &Cancel::new()).unwrap_err().to_string();
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    assert!(error.contains("but 0 B of the memory limit of 8.0 MiB (others hold 8.0 MiB of it) are left"), "{error}");
    assert!(error.contains("run fewer things at a time"), "{error}");
    // What others hold stays theirs, and nothing else is left behind.
    assert_eq!(pool.reserved(), 8 << 20);
}

#[test]
fn a_run_that_waits_for_others_can_be_cancelled() {
    let root = kept(&[1024, 256], &[128, 256]).sort(0, false).unwrap();
    let pool = Arc::new(MemoryLimit::new(8 << 20));
    assert!(pool.try_grow(8 << 20));
    let engine = in_pool(&pool, Duration::from_secs(600));
    let plan = Plan::new(std::slice::from_ref(&root), engine.plan_options()).unwrap();
    let cancel = Cancel::new();
    let run = std::thread::spawn({
        let cancel = cancel.clone();
        move || engine.run(&plan, &cancel)
    });
    std::thread::sleep(Duration::from_millis(20));
    cancel.cancel();
    assert!(matches!(run.join().unwrap(), Err(BlocksError::Cancelled)));
}
