//! Functions of the user's over blocks, lines and core dimensions.
//!
//! A function gets blocks as [`NdArray`](crate::NdArray)s and where they stand as a [`BlockContext`](crate::BlockContext). It runs on the
//! engine's threads, several blocks at a time, and must give the same for the same block: a block may be asked for again.
//!
//! | module | what |
//! |---|---|
//! | `closure` | Rust closures as block functions |
//! | `blocks` | `map_blocks`, `blockwise` |
//! | `overlap` | `map_overlap` |
//! | `along` | `apply_along_axis`, `apply_gufunc` |
//! | `fold` | `reduction` |

mod along;
mod blocks;
mod closure;
mod fold;
mod overlap;

pub use along::apply_gufunc;
pub use blocks::{Blockwise, map_blocks};
pub(crate) use closure::closure;
pub use fold::Fold;
