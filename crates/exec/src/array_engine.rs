//! The engine of arrays on what a session has: its memory pool, its spill files, its threads.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::spill_file::SpillFile as TableSpillFile;
use parking_lot::Mutex;
use swath_blocks::{BlocksError, Job, Memory, Spill, SpillFile, Threads};
use tokio::runtime::Handle;

/// The share of a session's memory that arrays may take: the rest is for operators that turn tables into arrays and back.
const ARRAYS_SHARE: f64 = 0.75;

/// An engine of so many threads, which reserves from the pool of `runtime`, of `limit_bytes`, and spills where its operators do.
pub fn array_engine(
    runtime: &Arc<RuntimeEnv>,
    handle: Handle,
    threads: usize,
    limit_bytes: usize,
) -> swath_blocks::Engine {
    // It spills by itself, at its own limit, so the pool need not hold it to the share of one operator.
    let reservation = MemoryConsumer::new("arrays").register(&runtime.memory_pool);
    let limit_bytes = (limit_bytes as f64 * ARRAYS_SHARE) as usize;
    swath_blocks::Engine::builder()
        .threads(threads)
        .memory(Arc::new(PoolMemory {
            runtime: Arc::clone(runtime),
            reservation,
            limit_bytes,
            granted: Mutex::new(()),
        }))
        .spill(Arc::new(SessionSpill { runtime: Arc::clone(runtime), used_bytes: Arc::default() }))
        .spawner(Arc::new(RuntimeThreads { handle, process: std::process::id() }))
        .build()
}

/// The session's pool.
struct PoolMemory {
    runtime: Arc<RuntimeEnv>,
    reservation: MemoryReservation,
    limit_bytes: usize,
    /// Held while the limit is compared and the reservation grows.
    granted: Mutex<()>,
}

impl Memory for PoolMemory {
    fn try_grow(&self, bytes: u64) -> bool {
        let Ok(bytes) = usize::try_from(bytes) else { return false };
        let _granting = self.granted.lock();
        let after = self.reservation.size().saturating_add(bytes);
        after <= self.limit_bytes && self.reservation.try_grow(bytes).is_ok()
    }

    fn shrink(&self, bytes: u64) {
        self.reservation.shrink(usize::try_from(bytes).unwrap_or(usize::MAX).min(self.reservation.size()));
    }

    fn limit(&self) -> u64 {
        self.limit_bytes as u64
    }

    /// By arrays and by operators over tables alike: what these hold is waited for.
    fn reserved(&self) -> u64 {
        self.runtime.memory_pool.reserved() as u64
    }
}

/// The blocking threads of the session's runtime.
struct RuntimeThreads {
    handle: Handle,
    /// The process whose threads these are.
    process: u32,
}

impl Threads for RuntimeThreads {
    fn spawn(&self, job: Job) {
        if std::process::id() == self.process {
            self.handle.spawn_blocking(job);
        } else {
            // A fork copied the handle, not the threads.
            std::thread::spawn(job);
        }
    }
}

/// Files in the session's spill folder, within its limit together with what operators have spilled.
struct SessionSpill {
    runtime: Arc<RuntimeEnv>,
    used_bytes: Arc<AtomicU64>,
}

impl Spill for SessionSpill {
    fn create(&self) -> swath_blocks::Result<Arc<dyn SpillFile>> {
        let failed = |source: io::Error| BlocksError::Spill {
            action: "make",
            file: "in the session's spill folder".to_owned(),
            source: Arc::new(source),
        };
        let held =
            self.runtime.disk_manager.create_tmp_file("arrays").map_err(|error| failed(io::Error::other(error)))?;
        let path = held.path().ok_or_else(|| failed(io::Error::other("spill files are not files here")))?;
        let file = File::options().read(true).write(true).open(path).map_err(failed)?;
        let name = path.display().to_string();
        let (runtime, used_bytes) = (Arc::clone(&self.runtime), Arc::clone(&self.used_bytes));
        Ok(Arc::new(SessionSpillFile { _held: held, file, name, length: AtomicU64::new(0), runtime, used_bytes }))
    }
}

/// A spill file of arrays; removed when it is dropped.
struct SessionSpillFile {
    _held: Arc<dyn TableSpillFile>,
    file: File,
    name: String,
    length: AtomicU64,
    runtime: Arc<RuntimeEnv>,
    /// What all files of this engine take.
    used_bytes: Arc<AtomicU64>,
}

impl SpillFile for SessionSpillFile {
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        let end = position + bytes.len() as u64;
        let before = self.length.fetch_max(end, Ordering::Relaxed);
        let more = end.saturating_sub(before);
        if more > 0 {
            let used = self.used_bytes.fetch_add(more, Ordering::Relaxed) + more;
            let disk = &self.runtime.disk_manager;
            let limit = disk.max_temp_directory_size();
            if used.saturating_add(disk.used_disk_space()) > limit {
                return Err(io::Error::new(
                    io::ErrorKind::StorageFull,
                    format!("more than the spill limit of {limit} bytes; a higher one is given with spill_limit"),
                ));
            }
        }
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, position)
    }

    fn read_at(&self, position: u64, bytes: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, position)
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Drop for SessionSpillFile {
    fn drop(&mut self) {
        self.used_bytes.fetch_sub(self.length.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}
