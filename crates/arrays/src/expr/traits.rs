//! What stands at the ends of an expression and is not of this crate: sources, generators, functions of the user's, sinks.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use swath_kernels::{DType, NdArray};

use crate::error::Result;
use crate::grid::ChunkGrid;

/// An array that lies somewhere: in memory, in a Zarr store, in a file, in another system.
pub trait ArraySource: Send + Sync + 'static {
    /// What tells this source from all others; two sources with the same id hold the same elements.
    fn id(&self) -> &str;
    /// A short name for `explain()`.
    fn name(&self) -> String;
    /// Lengths of the axes.
    fn shape(&self) -> &[usize];
    /// The dtype.
    fn dtype(&self) -> DType;
    /// The grid under which reads cost the least: the stored chunks, or multiples of them.
    fn preferred_grid(&self) -> ChunkGrid;
    /// Whether reading it again costs no more than keeping what was read: an array in memory.
    fn is_cheap(&self) -> bool {
        false
    }
    /// The elements of a box, which lies inside the array.
    ///
    /// # Errors
    /// What reading may bring; the message names the source.
    fn read(&self, region: &[Range<usize>]) -> Result<NdArray>;
    /// The same elements in C order under another shape, where that costs nothing: then a reshape is only another way to read.
    fn reshaped(&self, shape: &[usize]) -> Option<Arc<dyn ArraySource>> {
        let _ = shape;
        None
    }
    /// The source itself, for a codec or an executor that knows some of them by type.
    fn as_any(&self) -> &dyn Any;
}

/// Makes any block of an array from nothing but its position: random numbers by counter, `fromfunction`.
pub trait Generator: Send + Sync + 'static {
    /// What tells this generator from all others: distribution, parameters and key.
    fn id(&self) -> &str;
    /// A short name for `explain()`.
    fn name(&self) -> String;
    /// The dtype.
    fn dtype(&self) -> DType;
    /// The block of `shape` that starts at `start` of the array of shape `whole`. Must not depend on how the array is cut.
    ///
    /// # Errors
    /// What making it may bring.
    fn block(&self, whole: &[usize], start: &[usize], shape: &[usize]) -> Result<NdArray>;
    /// Whether making elements twice costs less than keeping them.
    fn is_cheap(&self) -> bool {
        false
    }
    /// The generator itself, for a codec that knows some of them by type.
    fn as_any(&self) -> &dyn Any;
}

/// Where a block stands when a function of the user's gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockContext {
    /// The number of the result's block along each axis.
    pub block: Vec<usize>,
    /// Number of the result's blocks along each axis.
    pub counts: Vec<usize>,
    /// The result's elements that the block holds.
    pub region: Vec<Range<usize>>,
}

/// A function over blocks: `map_blocks`, `blockwise`, `map_overlap`.
pub trait BlockFunction: Send + Sync + 'static {
    /// What tells this function from all others; two with the same id give the same for the same blocks.
    fn id(&self) -> &str;
    /// A short name for `explain()`.
    fn name(&self) -> String;
    /// The result's block from one block of each input.
    ///
    /// # Errors
    /// The function's own.
    fn apply(&self, blocks: &[NdArray], context: &BlockContext) -> Result<NdArray>;
    /// Bytes it may take beside inputs and result, for inputs of so many bytes.
    fn scratch_bytes(&self, input_bytes: u64) -> u64 {
        let _ = input_bytes;
        0
    }
    /// Whether each element it gives follows from those within the margins around it, so that a block may come in parts, each with its
    /// margins and its own region.
    fn is_local(&self) -> bool {
        false
    }
    /// The function itself, for a codec that knows some of them by type.
    fn as_any(&self) -> &dyn Any;
}

/// Where the blocks of an array are written.
pub trait ArraySink: Send + Sync + 'static {
    /// What tells this sink from all others.
    fn id(&self) -> &str;
    /// A short name for `explain()`.
    fn name(&self) -> String;
    /// The grid of what one write must hold whole: stored chunks, which two tasks must not both write. `None` takes any blocks.
    fn grid(&self) -> Option<ChunkGrid> {
        None
    }
    /// Writes a block. May come again for the same block after a failure.
    ///
    /// # Errors
    /// What writing may bring; the message names the sink.
    fn write(&self, region: &[Range<usize>], block: &NdArray) -> Result<()>;
    /// Called once, after the last block: metadata last.
    ///
    /// # Errors
    /// What writing may bring.
    fn finish(&self) -> Result<()>;
    /// The sink itself, for a codec that knows some of them by type.
    fn as_any(&self) -> &dyn Any;
}

macro_rules! reference {
    ($($(#[$doc:meta])* $name:ident => $of:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub Arc<dyn $of>);

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.id() == other.0.id()
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.id().hash(state);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.id())
            }
        }
    )*};
}

reference! {
    /// A source, equal to another with the same id.
    SourceRef => ArraySource;
    /// A generator, equal to another with the same id.
    GeneratorRef => Generator;
    /// A function over blocks, equal to another with the same id.
    FunctionRef => BlockFunction;
    /// A sink, equal to another with the same id.
    SinkRef => ArraySink;
}

/// An array in memory as a source. Two of them are equal only if they are clones of one.
#[derive(Debug)]
pub struct MemorySource {
    id: String,
    array: NdArray,
}

impl MemorySource {
    /// A source over an array.
    pub fn new(array: NdArray) -> Self {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self { id: format!("memory:{number}"), array }
    }

    /// The array.
    pub fn array(&self) -> &NdArray {
        &self.array
    }
}

impl ArraySource for MemorySource {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    fn dtype(&self) -> DType {
        self.array.dtype()
    }

    fn preferred_grid(&self) -> ChunkGrid {
        ChunkGrid::whole(self.array.shape())
    }

    fn is_cheap(&self) -> bool {
        true
    }

    fn read(&self, region: &[Range<usize>]) -> Result<NdArray> {
        let parts: Vec<_> = region.iter().map(|range| range.clone().into()).collect();
        Ok(self.array.slice(&parts)?)
    }

    fn reshaped(&self, shape: &[usize]) -> Option<Arc<dyn ArraySource>> {
        let array = self.array.is_contiguous().then(|| self.array.reshape(shape).ok())??;
        // Of one array in one shape there is one source.
        Some(Arc::new(Self { id: format!("{}:{shape:?}", self.id), array }))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
