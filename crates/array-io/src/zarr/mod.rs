//! Zarr, versions 2 and 3: arrays cut into chunks, each under a key of a [`Store`].
//!
//! Opening reads metadata; a box of an array reads the chunks that it meets and no others, and of a shard only the inner chunks.
//! Writing sets each chunk's key from the task that made it, and the metadata last: without it there is no array, so that a write
//! that was killed is never taken for a whole one. In a folder the whole array is made beside its place and moved there at the end.
//!
//! | module | what |
//! |---|---|
//! | [`store`] | folders and object stores |
//! | [`metadata`] | what an array says of itself |
//! | `codec` | from the bytes of a chunk to elements and back |
//! | [`mod@array`] | reading |
//! | [`group`] | what a hierarchy holds |
//! | [`mod@write`] | writing |

pub mod array;
pub mod group;
pub mod metadata;
pub mod store;
pub mod write;

mod codec;
#[cfg(test)]
mod tests;

pub use array::ZarrArray;
pub use group::ZarrGroup;
pub use metadata::{ZarrFormat, ZarrMetadata};
#[cfg(feature = "object-store")]
pub use store::RemoteStore;
pub use store::{LocalStore, Staging, Store};
pub use write::{Compression, WriteMode, ZarrOptions, ZarrSink};
