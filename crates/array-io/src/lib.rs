//! Files of arrays: where array expressions read from and write to.
//!
//! Everything here is an [`ArraySource`](swath_arrays::ArraySource) or an [`ArraySink`](swath_arrays::ArraySink). Sources are lazy: opening reads
//! a header, and a box of the array reads the bytes or chunks that the box meets and no others. Sinks take blocks from many threads
//! at the same time, and what they write can be found by a reader only after `finish`: a write that was killed leaves nothing that
//! could be taken for an array.
//!
//! Files come from anywhere, so that nothing in them is believed: sizes are compared with what is really there before memory is
//! taken, and what does not fit is an error which names the file. Files are read at positions and not mapped into memory, since
//! a mapped file that somebody cuts kills the process.
//!
//! | module | what |
//! |---|---|
//! | [`npy`] | NumPy's file of one array |
//! | [`npz`] | NumPy's archive of several arrays |
//! | [`raw`] | a file of nothing but elements |
//! | [`function`] | an array whose boxes a function makes |
//! | [`memory`] | a sink that keeps what is written |
//! | [`zarr`] | chunked arrays in a folder or an object store, versions 2 and 3 |
//! | `parquet` (a feature) | columns of Parquet files, also of tensors |
//! | [`error`] | what goes wrong |

// A box of one axis is one range.
#![cfg_attr(test, allow(clippy::single_range_in_vec_init))]

pub mod error;
pub mod function;
pub mod memory;
pub mod npy;
pub mod npz;
#[cfg(feature = "parquet")]
pub mod parquet;
pub mod raw;
#[cfg(feature = "parquet")]
pub mod tensor;
pub mod zarr;

mod allocate;
mod byte_order;
mod descr;
mod file;
mod gather;
mod runs;

pub use byte_order::ByteOrder;
pub use error::{IoError, Result};
pub use function::FunctionSource;
pub use memory::MemorySink;
pub use npy::{NpySink, NpySource};
pub use npz::{NpzReader, NpzWriter};
pub use raw::{RawLayout, RawSource};
pub use zarr::{ZarrArray, ZarrGroup, ZarrOptions, ZarrSink};
