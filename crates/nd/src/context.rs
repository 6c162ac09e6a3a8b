//! Where arrays are made and run.

use std::path::PathBuf;
use std::sync::Arc;

use swath_arrays::ChunkSpec;
use swath_arrays::grid::chunking::DEFAULT_CHUNK_BYTES;
use swath_blocks::{Engine, MemoryLimit, SpillFolder};

/// The maker of arrays: the engine that runs them and the defaults for new ones. Cheap to clone.
///
/// ```
/// use swath_nd::Arrays;
///
/// let arrays = Arrays::embedded();
/// let x = arrays.arange(0, 10, 1).reshape([2, 5]);
/// assert_eq!((&x * 2 + 1).sum(1).to_vec::<i64>()?, [25, 75]);
/// # Ok::<(), swath_nd::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Arrays(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    engine: Engine,
    chunks: ChunkSpec,
}

/// Makes an [`Arrays`].
#[derive(Debug, Clone, Default)]
pub struct ArraysBuilder {
    threads: Option<usize>,
    memory_limit_bytes: Option<u64>,
    spill_folder: Option<PathBuf>,
    chunk_bytes: Option<u64>,
}

impl ArraysBuilder {
    /// Tasks that run at a time; else as many as there are processors.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Bytes that running may hold beside its results; else 4 GiB.
    #[must_use]
    pub fn memory_limit_bytes(mut self, bytes: u64) -> Self {
        self.memory_limit_bytes = Some(bytes);
        self
    }

    /// Where blocks go that do not fit into memory; else the system's folder for temporary files.
    #[must_use]
    pub fn spill_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spill_folder = Some(folder.into());
        self
    }

    /// Bytes of a chunk of new arrays; else 32 MiB.
    #[must_use]
    pub fn chunk_bytes(mut self, bytes: u64) -> Self {
        self.chunk_bytes = Some(bytes);
        self
    }

    /// The context.
    pub fn build(self) -> Arrays {
        let mut engine = Engine::builder();
        if let Some(threads) = self.threads {
            engine = engine.threads(threads);
        }
        if let Some(bytes) = self.memory_limit_bytes {
            engine = engine.memory(Arc::new(MemoryLimit::new(bytes)));
        }
        if let Some(folder) = self.spill_folder {
            engine = engine.spill(Arc::new(SpillFolder::new(folder)));
        }
        let chunks = self.chunk_bytes.filter(|bytes| *bytes != DEFAULT_CHUNK_BYTES);
        Arrays::on(engine.build()).with_chunks(chunks.map_or(ChunkSpec::Auto, ChunkSpec::Bytes))
    }
}

impl Arrays {
    /// A context of its own in this process, with the defaults of [`Arrays::builder`].
    pub fn embedded() -> Self {
        Self::builder().build()
    }

    /// A context of its own, part by part.
    pub fn builder() -> ArraysBuilder {
        ArraysBuilder::default()
    }

    /// A context over an engine that exists.
    pub fn on(engine: Engine) -> Self {
        Self(Arc::new(Parts { engine, chunks: ChunkSpec::Auto }))
    }

    /// The same engine, with other chunks for new arrays; those given for each axis count for arrays of as many axes.
    #[must_use]
    pub fn with_chunks(&self, chunks: impl Into<Chunks>) -> Self {
        Self(Arc::new(Parts { engine: self.engine().clone(), chunks: chunks.into().0 }))
    }

    /// The engine that runs arrays.
    pub fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// The chunks of new arrays.
    pub fn default_chunks(&self) -> &ChunkSpec {
        &self.0.chunks
    }

    /// The chunks of new arrays of so many axes: automatic ones where those asked for are for another number.
    pub(crate) fn chunks_for(&self, ndim: usize) -> &ChunkSpec {
        match &self.0.chunks {
            ChunkSpec::Axes(axes) if axes.len() != ndim => &ChunkSpec::Auto,
            other => other,
        }
    }
}

/// The chunks asked for: `()` for automatic ones, a length for all axes (-1 for the whole axis), one for each axis, the lengths of
/// every chunk, or a [`ChunkSpec`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunks(pub ChunkSpec);

impl From<ChunkSpec> for Chunks {
    fn from(spec: ChunkSpec) -> Self {
        Self(spec)
    }
}

impl From<&ChunkSpec> for Chunks {
    fn from(spec: &ChunkSpec) -> Self {
        Self(spec.clone())
    }
}

impl From<()> for Chunks {
    fn from((): ()) -> Self {
        Self(ChunkSpec::Auto)
    }
}

macro_rules! chunk_lengths {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Chunks {
            fn from(length: $integer) -> Self {
                Self(ChunkSpec::Uniform((length as i64).into()))
            }
        }

        impl<const N: usize> From<[$integer; N]> for Chunks {
            fn from(lengths: [$integer; N]) -> Self {
                Self(ChunkSpec::Axes(lengths.into_iter().map(|length| (length as i64).into()).collect()))
            }
        }

        impl From<&[$integer]> for Chunks {
            fn from(lengths: &[$integer]) -> Self {
                Self(ChunkSpec::Axes(lengths.iter().map(|length| (*length as i64).into()).collect()))
            }
        }
    )*};
}

chunk_lengths!(i32, i64, isize, usize);

impl From<Vec<Vec<usize>>> for Chunks {
    fn from(lengths: Vec<Vec<usize>>) -> Self {
        Self(ChunkSpec::Axes(lengths.into_iter().map(swath_arrays::AxisSpec::Lengths).collect()))
    }
}
